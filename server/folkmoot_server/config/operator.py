"""The settings of who runs the service; `settings` puts them into the whole."""

from dataclasses import dataclass
from datetime import date

from folkmoot_governance.text import N_

from ..common.terminal import _
from .declare import setting


def check_day(text: str) -> str | None:
    """Say what a day looks like, unless the text is one."""
    try:
        if not text or date.fromisoformat(text).isoformat() == text:
            return None
    except ValueError:
        pass
    return _("a day, for example 2027-03-31, or an empty string")


@dataclass(frozen=True)
class Operator:
    """Who runs the service, and what they publish of it."""

    licence: str = setting("", N_("Number of the licence that the service is run under (I4 W4)."))
    licence_until: str = setting("", N_("The last day of the licence, 2027-03-31."), check=check_day)
    licence_notice_days: int = setting(
        60, N_("Days before the licence ends from which on it counts as due."), least=1, most=3650
    )
    publish_figures: bool = setting(
        False, N_("Whether what became of reports and appeals is published at /transparency.")
    )
    figures_days: int = setting(91, N_("Days that these figures go back."), least=1, most=3650)
