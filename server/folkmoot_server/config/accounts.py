"""The part of the configuration that is about accounts: who may make one, how one stays signed in, how staff works."""

from dataclasses import dataclass

from folkmoot_governance.text import N_

from .declare import setting


@dataclass(frozen=True)
class Registration:
    """Who may make an account."""

    mode: str = setting(
        "open",
        N_(
            'Who may register. "open": anybody. "invitation": people with an invite code for a '
            'group, which they join by it. "closed": nobody; there is still `folkmoot init`.'
        ),
        choices=("open", "invitation", "closed"),
    )
    per_day: int = setting(0, N_("Accounts that may be registered a day, in all. 0 = no limit."), least=0)


@dataclass(frozen=True)
class AccountPolicy:
    """How long one stays signed in."""

    token_days: int = setting(
        30,
        N_("Days after which a session ends that is not in use. 0 = never."),
        open=90,
        least=0,
        most=3650,
    )


@dataclass(frozen=True)
class Staff:
    """How the operator's staff works."""

    require_otp: bool = setting(
        True,
        N_("Whether staff must have a second factor for anything beyond reading."),
        open=False,
    )
    two_open_removed: bool = setting(
        False,
        N_("Whether it takes the approval of two of staff to open messages that were removed, for a case."),
    )
