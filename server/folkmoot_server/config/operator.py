"""The settings of who runs the service; `settings` puts them into the whole."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from folkmoot_governance.text import N_

from ..common.terminal import _
from ..transport.addresses import is_this_machine
from .declare import setting


def check_day(text: str) -> str | None:
    """Say what a day looks like, unless the text is one."""
    try:
        if not text or date.fromisoformat(text).isoformat() == text:
            return None
    except ValueError:
        pass
    return _("a day, for example 2027-03-31, or an empty string")


def check_url(text: str) -> str | None:
    """Say what the address may be, unless the text is one: nobody shall read what is on its way there."""
    parts = urlsplit(text)
    host = parts.hostname or ""
    if not text or (parts.scheme == "https" and host) or (parts.scheme == "http" and is_this_machine(host)):
        return None
    return _("an https address, or an http one on this machine")


@dataclass(frozen=True)
class Operator:
    "Who runs the service, and what they publish about it."

    name: str = setting("", N_("Who runs the service; shown at /rules."))
    responsible: str = setting(
        "", N_("Who answers for the content, a person, and how to reach them; shown at /rules (G5, P5, W6).")
    )
    licence: str = setting("", N_("Number of the licence that the service is run under (I4 W4)."))
    licence_until: str = setting("", N_("The last day of the licence, 2027-03-31."), check=check_day)
    licence_notice_days: int = setting(
        60, N_("Days before the licence ends from which on it counts as due."), least=1, most=3650
    )
    publish_figures: bool = setting(
        False, N_("Whether the outcomes of reports and appeals are published at /transparency.")
    )
    figures_days: int = setting(91, N_("Days that these figures go back."), least=1, most=3650)
    authority_url: str = setting(
        "", N_("Where approved reports of measures are sent. Empty: they are taken out by hand."), check=check_url
    )
    authority_secret: str = setting(
        "",
        N_("What the authority checks signatures with (HMAC-SHA-256). Empty: keys/filing.key of the data directory."),
        secret=True,
    )
    authority_hours: int = setting(
        72, N_("Hours after a measure from which on a report of it that is not sent is overdue."), least=1, most=8760
    )
    authority_timeout_seconds: int = setting(
        10, N_("Seconds that the authority's server may take to answer."), least=1, most=300
    )

    @property
    def imprint(self) -> list[tuple[str, str, str]]:
        """What is published with the rules of who runs the service: key, label and value of what is set."""
        rows = [
            ("operator", N_("Operator"), self.name),
            ("responsible", N_("Responsible for the content"), self.responsible),
            ("licence", N_("Licence"), self.licence),
            ("licence_until", N_("Licence valid until"), self.licence_until),
        ]
        return [row for row in rows if row[2]]
