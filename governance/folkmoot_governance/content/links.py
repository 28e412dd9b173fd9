"""Links in a plain text: which hosts it names, however the dots are written."""

import re
from collections.abc import Iterator

from msgspec import Struct

from .fold import BORDER, SKELETON, read

MAX_LINKS = 20
"""Links of one post that are looked at."""

DOTTED = r"[\pL\pN-]\.[\pL\pN]"
"""RE2 pattern that a text with a link fits; sentences that end with a dot and a space do not."""

DISGUISED = r"[\pL\pN-](?:。|\s?[\[({]\s?(?:\.|dot)\s?[\])}]\s?|\s(?:\.|dot)\s?)[\pL\pN]"
"""RE2 pattern of links whose dots are written otherwise."""

_DOTS = re.compile(r"\s?[\[({]\s?(?:\.|dot)\s?[\])}]\s?|\s(?:\.|dot)\s|\s\.|。")
_ENDS = re.compile(r"[/?#:\\]")
_EDGES = "\"'()[]{}<>,;!*_~`|.…，。！？、：；（）【】《》“”‘’"


class Link(Struct, frozen=True, gc=False):
    """A host as the text names it, and what follows it there. `clear`: a scheme, `www.` or a path says that a link is
    meant."""

    host: str
    rest: str
    clear: bool

    def page(self) -> str:
        """Return the first part of the path."""
        return _ENDS.split(self.rest, maxsplit=1)[0].strip(_EDGES)


def find_links(plain: str, *, disguised: bool) -> Iterator[Link]:
    """Yield the links of a plain text, up to a bound. `disguised`: it fits `DISGUISED`."""
    words = (_DOTS.sub(".", plain) if disguised else plain).split()
    found = 0
    for written in [word for word in words if "." in word]:
        word = written.strip(_EDGES)
        if "." not in word:
            continue
        _, has_scheme, place = word.rpartition("://")
        place = place.rpartition("@")[2]
        end = _ENDS.search(place)
        host = (place[: end.start()] if end else place).strip(_EDGES)
        if "." in host and ".." not in host:
            clear = bool(has_scheme or end) or host.startswith("www.")
            yield Link(host_key(host), place[end.end() :] if end else "", clear)
            found += 1
            if found == MAX_LINKS:
                return


def host_key(host: str) -> str:
    """Return the name under which a host, or a page of it, is listed and looked up: folded, in Unicode."""
    plain = host if host.isascii() and host.islower() else read(host).plain
    return ".".join(map(_decode_label, plain.split("."))) if "xn--" in plain else plain


def _decode_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def host_skeleton(host: str) -> str:
    """Return a host as it looks at a glance: two that look alike give the same."""
    return ".".join(label.translate(SKELETON).replace(BORDER, "") for label in host.split("."))


def parents(host: str) -> list[str]:
    """Return a host and the domains above it, down to two labels."""
    found = []
    while "." in host:
        found.append(host)
        host = host.partition(".")[2]
    return found
