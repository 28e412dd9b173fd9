"""Links in a plain text: which hosts it names, however the dots are written."""

import re
from collections.abc import Iterator

from msgspec import Struct

from .fold import BORDER, SKELETON, read

MOST_LINKS = 20
"""Links of one post that are looked at."""

DOTTED = r"[\pL\pN-]\.[\pL\pN]"
"""RE2 pattern that a text with a link fits; sentences that end with a dot and a space do not."""

DISGUISED = r"[\pL\pN-](?:。|\s?[\[({]\s?(?:\.|dot)\s?[\])}]\s?|\s(?:\.|dot)\s?)[\pL\pN]"
"""RE2 pattern of links whose dots are written otherwise."""

_DOTS = re.compile(r"\s?[\[({]\s?(?:\.|dot)\s?[\])}]\s?|\s(?:\.|dot)\s|\s\.|。")
_ENDS = re.compile(r"[/?#:\\]")
_EDGES = "\"'()[]{}<>,;!*_~`|.…，。！？、：；（）【】《》“”‘’"


class Link(Struct, frozen=True, gc=False):
    """A host as the text names it, and the first part of the path. `clear`: a scheme, `www.` or a path says that a
    link is meant."""

    host: str
    page: str
    clear: bool


def find_links(plain: str, *, disguised: bool) -> Iterator[Link]:
    """Yield the links of a plain text, up to a bound. `disguised`: it fits `DISGUISED`."""
    found = 0
    for word in (_DOTS.sub(".", plain) if disguised else plain).split():
        if "." not in word or found == MOST_LINKS:
            continue
        _, has_scheme, rest = word.strip(_EDGES).rpartition("://")
        rest = rest.rpartition("@")[2]
        host, *path = _ENDS.split(rest, maxsplit=2)
        host = host.strip(_EDGES)
        if "." in host and ".." not in host:
            found += 1
            clear = bool(has_scheme or path) or host.startswith("www.")
            yield Link(host_key(host), path[0].strip(_EDGES) if path else "", clear)


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


def parents(host: str) -> Iterator[str]:
    """Yield a host and the domains above it, down to two labels."""
    while "." in host:
        yield host
        host = host.partition(".")[2]
