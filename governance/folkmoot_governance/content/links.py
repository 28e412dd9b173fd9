"""Links in a text: which hosts it names, however the dots are written, and whether a link is meant.

Rules on domains look for every host that is named; rules on links, and `/links` of a group, at what is meant as a link.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from .fold import BORDER, SKELETON, SPACELESS, Reading, read
from .top_levels import TOP_LEVELS

MAX_LINKS = 20
"""Links of one post that are looked at."""

DOTTED = r"[\pL\pN-]\.[\pL\pN]"
"""RE2 pattern that a text with a link fits; sentences that end with a dot and a space do not."""

_SIGNS = "。·•‧∙⋅"
"""What is put for a dot."""

DISGUISED = rf"[\pL\pN-](?:[{_SIGNS}]|\s?[\[({{]\s?(?:\.|dot)\s?[\])}}]\s?|\s(?:\.|dot)\s?)[\pL\pN]"
"""RE2 pattern of links whose dots are written otherwise."""

_PUT_FOR_DOTS = rf"\s?[\[({{]\s?(?:\.|dot)\s?[\])}}]\s?|[{_SIGNS}]"
_SURELY_DOTS = re.compile(_PUT_FOR_DOTS)
_DOTS = re.compile(rf"{_PUT_FOR_DOTS}|\s(?:\.|dot)\s|\s\.")

_ENDS = re.compile(r"[/?#\\]")
_EDGES = "\"'()[]{}<>,;!*_~`|.…，。！？、：；（）【】《》“”‘’"
_HOST = re.compile(r"(?<![\w-])[\w-]+(?:\.[\w-]+)+")
_LETTER = f"(?:(?![{''.join(f'{chr(low)}-{chr(high)}' for low, high in SPACELESS)}])[\\w-])"
_HOST_BESIDE_CHINESE = re.compile(rf"{_LETTER}+(?:\.{_LETTER}+)+")
_PARTED = re.compile(r"[^,;|]+")
_SCHEME = re.compile(r"(?:https?|ftp|wss?)://([^\s,;|<>\"]+)")

SURE_ENDINGS = frozenset(["com", "org", "biz", "ru", "cn", "xyz", "ly", "tk", "uk", "jp", "kr", "tw", "中国", "рф"])
"""Of a host that stands by itself: what no sentence goes on with, and no file is called."""

WORDY_ENDINGS = frozenset(["net", "info", "top", "site", "online", "shop", "club", "vip", "link", "app", "dev", "io"])
"""Endings that are words as well: a host if written small, else two sentences without a space, or `Socket.IO`."""

NO_HOSTS = frozenset({"ado.net", "asp.net", "ml.net", "paint.net", "vb.net"})
"""Names of other things that look like hosts, and are ones."""


class Link(Struct, frozen=True, gc=False):
    """A host that a text names, by the name it is looked up by, and what follows it there.

    `marked`: it has a scheme or `www.`. `written`: the host as the text has it; `plain` and `text`: see `Reading`.
    """

    host: str
    rest: str
    marked: bool
    has_path: bool
    written: str

    def page(self) -> str:
        """Return the first part of the path."""
        return _ENDS.split(self.rest)[0].strip(_EDGES)

    def path(self) -> str:
        """Return the path without query, fragment and the signs of the sentence that it stands in."""
        return re.split(r"[?#]", self.rest)[0].rstrip(_EDGES)


def find_links(reading: Reading, *, disguised: bool) -> list[Link]:
    """Return the links of a text, up to a bound. `disguised`: it fits `DISGUISED`."""
    plain = _DOTS.sub(".", reading.plain) if disguised else reading.plain
    found: list[Link] = []
    for word in plain.split():
        if "." in word:
            found += _links_of(word)
            if len(found) >= MAX_LINKS:
                return found[:MAX_LINKS]
    return found


def find_meant_links(text: str) -> Iterator[Link]:
    """Yield what is meant as a link in a text; a scheme makes anything one."""
    reading = read(text)
    for word in _SURELY_DOTS.sub(".", reading.plain).split():
        if "." in word:
            yield from (link for link in _links_of(word) if is_meant(reading, link))
    yield from (Link("", rest, marked=True, has_path=True, written="") for rest in _SCHEME.findall(reading.plain))


def _links_of(word: str) -> list[Link]:
    """Return the links of what stands between two spaces."""
    word = word.strip(_EDGES)
    if "." not in word:
        return []
    if "," in word or ";" in word or "|" in word:
        return [link for part in _PARTED.findall(word) for link in _links_of(part)]
    place = word.rpartition("://")[2]
    end = _ENDS.search(place)
    if end is None:
        authority, rest = place, ""
    else:
        authority, rest = place[: end.start()], place[end.end() :]
    authority = authority.rpartition("@")[2].strip("_-.")
    has_scheme, has_path = len(place) < len(word), end is not None
    if "." not in authority and "." in rest and not has_scheme:
        # Behind a slash a host is read as well: `/evil.example`, `here/evil.example`.
        parts = _ENDS.split(rest) if authority else [rest]
        return [link for part in parts for link in _links_of(part)]
    if "." in authority and ".." not in authority and authority.replace("-", "a").replace(".", "a").isalnum():
        # Most are as plain as that, and a pattern takes longer to see it.
        return _named(authority, rest, has_scheme, has_path=has_path)
    hosts = [host.strip("_-") for host in _HOST.findall(authority)]
    if not hosts:
        return []
    found = [link for host in hosts[:-1] for link in _named(host, "", has_scheme, has_path=False)]
    return found + _named(hosts[-1], rest, has_scheme, has_path=has_path)


def _named(host: str, rest: str, marked: bool, *, has_path: bool) -> list[Link]:
    """Return the links of a host as the text has it."""
    marked = marked or host.startswith("www.")
    if host.isascii():
        return [Link(host_key(host), rest, marked, has_path, host)]
    beside = _HOST_BESIDE_CHINESE.search(host)
    if not beside or beside[0] == host:
        return [Link(host_key(host), rest, marked, has_path, host)]
    # 看example.com吧: a script without spaces stands beside it, unless it belongs to it.
    whole = Link(host_key(host), rest, marked=False, has_path=has_path, written=host)
    return [whole, Link(beside[0], rest, marked, has_path, beside[0])]


def is_meant(reading: Reading, link: Link) -> bool:
    """Say whether a host that a text names is meant as a link: it is marked as one, or its ending says so."""
    if link.marked:
        return True
    ending = link.host.rpartition(".")[2]
    if not ending.isascii() and ending not in TOP_LEVELS:
        ending = ending.translate(SKELETON)
    if link.host in NO_HOSTS:
        return False
    if ending in SURE_ENDINGS:
        return True
    # What else is put for a dot ends a sentence, too.
    if link.written not in reading.plain:
        return False
    if link.has_path:
        return ending in TOP_LEVELS
    return ending in WORDY_ENDINGS and _is_written_small(reading.text, link.written)


def _is_written_small(text: str, host: str) -> bool:
    """Say whether the last part of a host is small in a text at least once, as far as it is there without disguise."""
    name, _, ending = host.rpartition(".")
    endings = re.findall(rf"{re.escape(name)}\.({re.escape(ending)})", text, re.IGNORECASE)
    return not endings or any(map(str.islower, endings))


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
