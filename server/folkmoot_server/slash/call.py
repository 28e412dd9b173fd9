"""What a slash command's function is given."""

from collections.abc import Mapping, Sequence

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Entry, Role

from ..actions.app import App
from ..common.i18n import N_
from ..delivery.session import Session
from ..live.accounts import Account
from ..live.rooms import Room
from .row import Slash

IN_A_GROUP = Refusal(ErrorCode.BAD_REQUEST, N_("This command can only be used in a group."))


class Call:
    """One use of a slash command: who, where, and the entry replied to, if any. `commands`: the table of them all.

    `led`: as what the caller led the group when the platform closed it, if that is how it may read it.
    """

    __slots__ = ("_room", "account", "app", "commands", "led", "replied", "session")

    def __init__(
        self,
        app: App,
        session: Session,
        room: Room | None,
        replied: Entry | None,
        commands: Sequence[Slash],
        led: Role | None = None,
    ) -> None:
        assert session.account is not None
        self.app = app
        self.session = session
        self.account: Account = session.account
        self.replied = replied
        self.commands = commands
        self.led = led
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
        return self.app.clock.now_ms()

    def say(self, text: str, detail: Mapping[str, object] | None = None) -> str:
        """Return a text in the reader's language."""
        return self.session.say(text, detail)
