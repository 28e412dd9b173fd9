"""What is measured: the loads, what the generator is told and what it answers."""

from collections.abc import Mapping

from msgspec import Struct

WARM_UP_S = 1.0
TEXT_BYTES = 100
"""Size of a post's text, and of a message to the reference."""


class Load(Struct, frozen=True):
    """Groups of members, all connected; sender k is in group k mod `groups`.

    `rate` is posts a second of all senders together; 0: each has one post on its way and sends the next as soon as that
    comes back.
    """

    groups: int
    members: int
    senders: int
    rate: int = 0


LOADS: Mapping[str, Load] = {
    "busy": Load(1, 100, 10),
    "many": Load(200, 10, 200),
    "large": Load(1, 1000, 10),
    "calm": Load(1, 100, 10, rate=20),
}
DEFAULT_LOADS = ("busy", "many", "calm")


class Place(Struct, frozen=True):
    """Where a member sits: the group's number and code, and the token to sign in with (none for the reference)."""

    group: int
    code: str
    token: str = ""


class Job(Struct, frozen=True):
    """What a generator is told: whom to connect to, the server's process `pid`, and what to do for how long."""

    url: str
    pid: int
    load: Load
    seconds: float
    places: tuple[Place, ...]
    reference: bool = False


class Progress(Struct, frozen=True, tag="progress"):
    """That the load has run for so many seconds, the warm-up included."""

    elapsed_s: float


class Found(Struct, frozen=True, tag="found"):
    """What a generator has measured.

    Rates are those of the measured seconds, `posts` and `deliveries` of the whole run. Latencies are from a post to its
    own entry at its author (ms). Figures of the server's process are None where the system does not tell them. `lost`
    to `refused` must be 0: deliveries missing, doubled, and out of order, posts refused or never answered.
    """

    connections: int
    connects_per_s: float
    posts_per_s: float
    deliveries_per_s: float
    p50_ms: float
    p99_ms: float
    server_cpu_us: float | None
    server_cpu_share: float | None
    generator_cpu_share: float
    kib_per_connection: float | None
    posts: int
    deliveries: int
    lost: int
    doubled: int
    out_of_order: int
    refused: int

    @property
    def faults(self) -> int:
        """How much went wrong."""
        return self.lost + self.doubled + self.out_of_order + self.refused
