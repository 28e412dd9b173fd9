"""What a slash command's function is given and may return."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from folkmoot_governance import Refusal
from folkmoot_governance.group.commands import Command
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Entry

from ..actions.acting import ExtraRows
from ..common.i18n import N_
from ..delivery.session import Session
from ..live.accounts import Account
from ..live.rooms import Room

if TYPE_CHECKING:
    from ..node import Node


IN_A_GROUP = Refusal(ErrorCode.BAD_REQUEST, N_("This command belongs into a group."))


class Call:
    """One use of a slash command: who, where, and the entry replied to, if any."""

    __slots__ = ("_room", "account", "node", "replied", "session")

    def __init__(self, node: "Node", session: Session, room: Room | None, replied: Entry | None) -> None:
        assert session.account is not None
        self.node = node
        self.session = session
        self.account: Account = session.account
        self.replied = replied
        self._room = room

    @property
    def room(self) -> Room:
        """The group that the command was given in; commands whose row says so always have one."""
        assert self._room is not None
        return self._room

    @property
    def room_or_none(self) -> Room | None:
        """The group that the command was given in, if it was given in one."""
        return self._room

    @property
    def now(self) -> int:
        """Unix ms."""
        return self.node.clock.now_ms()

    def say(self, text: str, detail: Mapping[str, object] | None = None) -> str:
        """Return a text in the reader's language."""
        return self.session.say(text, detail)


class Answer(Struct, frozen=True):
    """What a command that changes nothing says: `text` for people, `data` for programs."""

    text: str
    data: dict[str, object] = field(default_factory=dict)


class Elsewhere(Struct, frozen=True):
    """A governance command on another group than the one that the line was typed in."""

    room: Room
    command: Command


class Noted(Struct, frozen=True):
    """A governance command whose actor alone is told something more once it is stored."""

    command: Command
    text: str
    data: dict[str, object]


class Carrying(Struct, frozen=True):
    """A governance command that brings something along into its change set."""

    command: Command
    extra_rows: ExtraRows


class Action(Struct, frozen=True):
    """An entry to post as an action (`/me`)."""

    text: str


class About(Struct, frozen=True):
    """An entry to edit, or to react to, as the request of that name does it."""

    kind: type[rq.Edit] | type[rq.React]
    fields: dict[str, object]


Outcome = Command | Elsewhere | Carrying | Noted | Action | About | Answer | Refusal
