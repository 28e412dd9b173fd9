"""Where a request comes from, and whether its page may connect."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from websockets.datastructures import Headers


@lru_cache(10_000)
def is_loopback(address: str) -> bool:
    """Say whether an IP address is this machine's own."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


@lru_cache(10_000)
def is_trusted(address: str, proxies: tuple[str, ...]) -> bool:
    """Say whether an address belongs to a proxy whose word counts."""
    try:
        one = ipaddress.ip_address(address)
        return any(one in ipaddress.ip_network(proxy) for proxy in proxies)
    except ValueError:
        return False


def client_address(peer: str, forwarded: Sequence[str], proxies: tuple[str, ...]) -> str:
    """Return the address that limits count by: the peer's, or, behind trusted proxies, the last they vouch for.

    `forwarded`: what the request has as X-Forwarded-For, in its order.
    """
    if not (proxies and is_trusted(peer, proxies)):
        return peer
    hops = [hop.strip() for hop in ",".join(forwarded).split(",") if hop.strip()]
    for hop in reversed(hops):
        if not is_trusted(hop, proxies):
            return hop
    return peer


@lru_cache(10_000)
def network_of(address: str) -> str:
    """Return what an address counts as where somebody's connections or tries are counted.

    Whoever has one IPv6 address has the 2^64 of its network (RFC 4291, section 2.5.4); a mapped one is IPv4.
    """
    try:
        one = ipaddress.ip_address(address)
    except ValueError:
        return address
    if one.version == 4:
        return address
    return str(one.ipv4_mapped or ipaddress.ip_network((int(one), 64), strict=False).network_address)


@lru_cache(10_000)
def region_of(address: str) -> str:
    """Return the network that an address is in, as wide as is told of it: a /24, or a /48 of IPv6."""
    try:
        one = ipaddress.ip_address(address)
    except ValueError:
        return ""
    mapped = one.ipv4_mapped if one.version == 6 else one
    wide = f"{mapped}/24" if mapped else f"{one.compressed.partition('%')[0]}/48"
    return str(ipaddress.ip_network(wide, strict=False))


LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def is_this_machine(host: str) -> bool:
    """Say whether a host, a name or an IP address, is this machine by loopback, whatever network it is in."""
    return host.lower() in LOOPBACK_NAMES or is_loopback(host)


def is_ip_address(host: str) -> bool:
    """Say whether a host is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


UNKNOWN_HOST = "This server does not go by that name: see server.public_url and server.allowed_hosts.\n"


def is_known_host(hosts: Sequence[str], names: frozenset[str] | None) -> bool:
    """Say whether a request's Host headers name this server: `names` are its own, None stands for any.

    Without this a page of any site could have its name point here, and read what is shown to its visitor (DNS
    rebinding). An IP address cannot be made to point elsewhere, nor `localhost`; only programs send no Host.
    """
    if names is None or not hosts:
        return True
    return len(hosts) == 1 and _is_ours(hosts[0], names)


# Many come by the same name; what is kept of a stranger's is bounded, as a request is.
@lru_cache(100)
def _is_ours(host: str, names: frozenset[str]) -> bool:
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    return name == "localhost" or name in names or is_ip_address(name)


def origin_of(url: str) -> str:
    """Return the origin of a page at `url`, empty for none."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def is_origin_allowed(headers: Headers, allowed: Sequence[str], peer: str) -> bool:
    """Say whether a page of this origin may connect: the server's own, a configured one, or one of this machine's to
    a `peer` on it; programs send none.

    Without this any web page could act with what its visitor's browser knows of this server.
    """
    origins = headers.get_all("Origin")
    if not origins:
        return True
    if len(origins) > 1:
        return False
    place, is_this_machines = _place_of(origins[0])
    own = place == headers.get("Host") or (is_this_machines and is_loopback(peer))
    return own or origins[0] in allowed


@lru_cache(100)
def _place_of(origin: str) -> tuple[str, bool]:
    """Return host and port of an origin, and whether its host is this machine by loopback."""
    parts = urlsplit(origin)
    return parts.netloc, parts.hostname in LOOPBACK_NAMES
