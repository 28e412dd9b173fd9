"""The settings of who people are: what it takes, how it is checked, and how long that counts (G6, W7)."""

from dataclasses import dataclass

from folkmoot_governance.text import N_

from .declare import section, setting
from .operator import check_day, check_url

IDENTITIES = ("none", "mobile", "person", "organisation")


@dataclass(frozen=True)
class IdentityPolicy:
    """What an account must have proved about itself (G6)."""

    to_post: str = setting("mobile", N_("Identity check needed to post."), open="none", choices=IDENTITIES)
    to_create_group: str = setting(
        "person", N_("Identity check needed to create a group."), open="none", choices=IDENTITIES
    )
    reverify_days: int = setting(
        730,
        N_("Days after which an identity is to be verified again (W7), reminded of 30 and 7 days before. 0 = never."),
        open=0,
        least=0,
        most=36500,
    )
    grace_days: int = setting(
        14, N_("Days beyond that until nothing can be published before it is."), least=0, most=3650
    )
    reverify_from: str = setting(
        "",
        N_("What was verified before this day counts from it: the day when re-verification begins, 2027-03-31."),
        check=check_day,
    )
    review: str = setting(
        "manual",
        N_('Who reviews numbers: "manual", your staff; "webhook", identity.review_url, and your staff what it leaves.'),
        choices=("manual", "webhook"),
    )


@dataclass(frozen=True)
class Sender:
    """How one-time codes come to a mobile number."""

    kind: str = setting(
        "none",
        N_(
            'How codes are sent. "none": staff reviews mobile numbers, too; "console": into the server\'s log, for '
            'trying out alone; "webhook": to identity.sender.url, which sends them on.'
        ),
        choices=("none", "console", "webhook"),
    )
    url: str = setting("", N_("Where the webhook is."), check=check_url)
    secret: str = setting(
        "",
        N_("What it checks signatures with (HMAC-SHA-256). Empty: keys/sender.key of the data directory."),
        secret=True,
    )
    timeout_seconds: int = setting(5, N_("Seconds that it may take to answer."), least=1, most=60)
    tries: int = setting(3, N_("How many times sending a code is tried."), least=1, most=10)
    code_minutes: int = setting(10, N_("Minutes for which a code is valid."), least=1, most=60)
    codes_per_hour: int = setting(5, N_("Codes an hour for one account and for one number."), least=1, most=1000)
    codes_per_address: int = setting(20, N_("Codes an hour that one address may ask for."), least=1, most=100000)


@dataclass(frozen=True)
class IdentityChecks:
    """How identity is checked."""

    minimum_age: int = setting(
        0, N_("Age in years that a resident identity number must show. 0 = any age."), least=0, most=120
    )
    review_url: str = setting(
        "", N_('Where numbers are reviewed with policy.identity.review = "webhook".'), check=check_url
    )
    sender: Sender = section(Sender, N_("How one-time codes come to a mobile number."))
