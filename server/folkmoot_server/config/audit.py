"""The settings of what a system of the operator's own is told of governance and access (G13)."""

import re
from dataclasses import dataclass
from pathlib import Path

from folkmoot_governance.text import N_

from ..common.terminal import _
from .declare import section, setting


def check_collector(text: str) -> str | None:
    """Say what the address may be, unless the text is one, or nothing."""
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]\s]+):(\d{1,5})", text)
    if not text or (match is not None and 0 < int(match[2]) < 65536):
        return None
    return _("HOST:PORT, for example syslog.example.org:6514, or an empty string")


@dataclass(frozen=True)
class Syslog:
    """Where events go, by syslog over TLS (RFC 5424, RFC 5425)."""

    address: str = setting(
        "",
        N_("HOST:PORT of a syslog server that speaks TLS; 6514 is the usual port. Empty: nothing is sent."),
        check=check_collector,
    )
    ca_file: Path | None = setting(
        None, N_("PEM file with the authorities that may have issued its certificate. Not set: those of the system.")
    )
    certificate: Path | None = setting(None, N_("PEM file with a certificate to show it; with key."))
    key: Path | None = setting(None, N_("PEM file with the private key of that."))
    timeout_seconds: int = setting(
        10, N_("Seconds that it may take to answer, or to accept something."), least=1, most=60
    )
    waiting: int = setting(
        10000,
        N_(
            "Records of the access log that are kept while it accepts nothing; those beyond are lost, which it is told."
        ),
        least=100,
        most=1000000,
    )


@dataclass(frozen=True)
class Audit:
    """What a system of the operator's own is told."""

    format: str = setting(
        "plain",
        N_('What messages contain. "plain": one JSON object; "ocsf": one of the Open Cybersecurity Schema Framework.'),
        choices=("plain", "ocsf"),
    )
    syslog: Syslog = section(Syslog, N_("Where events of governance and access are sent, by syslog over TLS."))
