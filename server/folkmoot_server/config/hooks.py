"""The settings of webhooks that go out."""

from dataclasses import dataclass

from folkmoot_governance.text import N_

from .declare import setting


@dataclass(frozen=True)
class Hooks:
    """Where groups may have what is said there sent to, and for how long that is tried."""

    out_per_group: int = setting(
        5,
        N_("Addresses to which a group may have its posts sent. 0 = none is called on this server."),
        least=0,
        most=100,
    )
    private_addresses: bool = setting(
        False,
        N_("Whether these may be in this server's own network, and without TLS. Only where all owners are trusted."),
    )
    timeout_seconds: int = setting(5, N_("Seconds that such an address may take to answer."), least=1, most=30)
    failures: int = setting(
        10, N_("Failures in a row, with longer and longer waits between them, that end it."), least=1, most=100
    )
