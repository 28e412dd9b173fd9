"""What a slash command's function may return."""

from msgspec import Struct, field

from folkmoot_governance import Refusal
from folkmoot_governance.group.commands import Command
from folkmoot_protocol import requests as rq
from folkmoot_protocol.types import Repost

from ..actions.acting import ExtraRows
from ..live.rooms import Room


class Answer(Struct, frozen=True):
    """What a command that changes nothing says: `text` for people, `data` for programs."""

    text: str
    data: dict[str, object] = field(default_factory=dict)


class Elsewhere(Struct, frozen=True):
    """A governance command on another group than the one that the line was typed in."""

    room: Room
    command: Command


class Noted(Struct, frozen=True):
    """A governance command whose actor alone is told something more once it is stored. `is_secret`: only then, and not
    again when it is asked for under the same nonce, with which answers are kept."""

    command: "Command | Carrying"
    text: str
    data: dict[str, object]
    is_secret: bool = False


class Carrying(Struct, frozen=True):
    """A governance command that brings something along into its change set."""

    command: Command
    extra_rows: ExtraRows


class Action(Struct, frozen=True):
    """An entry to post as an action (`/me`)."""

    text: str


class Repeat(Struct, frozen=True):
    """A post of one's own channel that repeats another one (`/repost`), alone or with a text."""

    original: Repost
    text: str


class About(Struct, frozen=True):
    """An entry to edit, or to react to, as the request of that name does it."""

    kind: type[rq.Edit] | type[rq.React]
    fields: dict[str, object]


Outcome = Command | Elsewhere | Carrying | Noted | Action | Repeat | About | Answer | Refusal
