"""Whether PostgreSQL and NATS may be spoken to as their URLs say: over a network, with a password and TLS alone."""

from urllib.parse import parse_qs, unquote, urlsplit

from ..common.terminal import _
from ..transport.addresses import is_this_machine

ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
"""Values of libpq's `sslmode` that never fall back to plain text."""
PROOFS = ("password", "passfile", "sslcert")
"""Parameters of a libpq URL that prove who one is, beside the password before the host."""


def postgres_problem(url: str) -> str | None:
    """Return what is wrong with a libpq URL where the network is not to be trusted; None: nothing."""
    parts = urlsplit(url)
    user, _at, hosts = parts.netloc.rpartition("@")
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    named = query.get("host", unquote(hosts)).split(",")
    away = [host for host in map(_host_of, named) if not (host == "" or host.startswith("/") or is_this_machine(host))]
    has_proof = bool(user.partition(":")[2]) or any(query.get(name) for name in PROOFS)
    is_encrypted = query.get("sslmode") in ENCRYPTED
    return _problem("cluster.database_url", away, "sslmode=verify-full", has_proof, is_encrypted)


def nats_problem(url: str) -> str | None:
    """As `postgres_problem`, for the URL of a NATS server: a user and password, or a token, and tls://."""
    parts = urlsplit(url if "://" in url else f"nats://{url}")
    away = [parts.hostname or ""] if is_nats_away(url) else []
    return _problem("cluster.nats_url", away, "tls://", bool(parts.username), parts.scheme in ("tls", "wss"))


def is_nats_away(url: str) -> bool:
    """Say whether a NATS server is on another machine."""
    return not is_this_machine(urlsplit(url if "://" in url else f"nats://{url}").hostname or "")


def _host_of(text: str) -> str:
    """Return the host of `HOST:PORT`, an IPv6 address without its brackets; a directory of sockets as it is."""
    if text.startswith("/"):
        return text
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text if text.count(":") > 1 else text.partition(":")[0]


def _problem(key: str, away: list[str], tls: str, has_proof: bool, is_encrypted: bool) -> str | None:
    if not away or (has_proof and is_encrypted):
        return None
    missing = [
        what for what, is_there in ((_("a password"), has_proof), (f"TLS ({tls})", is_encrypted)) if not is_there
    ]
    text = _("{key}: {host} is another machine, and the URL lacks {missing}; add it, or set cluster.trusted_network")
    return text.format(key=key, host=away[0], missing=_(" and ").join(missing))
