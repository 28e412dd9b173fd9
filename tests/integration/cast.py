"""Who plays in tests of groups: an owner, members, and somebody who is none."""

from typing import Any

from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.group_code import show_group_code
from tests.integration.server import Seat
from tests.integration.wire import Wire


class Cast:
    """`ann` owns the group `code`, `bob` and `carol` are members; `dave` is in another one, `elsewhere`.

    Lines are written with their parts: `/mute @{bob} 10m`, `/join {shown}`.
    """

    def __init__(self, seats: list[Seat], wires: list[Wire], elsewhere: str) -> None:
        self.seats = seats
        self.ann, self.bob, self.carol, self.dave = wires
        self.code = seats[0].code
        self.elsewhere = elsewhere
        self.seq = 0
        """Of the entry that a case has posted last."""

    def fill(self, line: str) -> str:
        """Return a line with names and codes in place of its placeholders."""
        users = {name: getattr(self, name).user for name in ("ann", "bob", "carol", "dave")}
        return line.format(**users, code=self.code, shown=show_group_code(self.code), seq=self.seq)

    def where(self, name: str) -> str:
        """Return the group that somebody types in."""
        return self.elsewhere if name == "dave" else self.code

    async def does(self, name: str, line: str, way: str = "command") -> rs.CommandResult:
        """Let somebody run a line as a `command` or as a `post`; return what it answered."""
        wire: Wire = getattr(self, name)
        if way == "command":
            return await wire.run(self.fill(line), self.where(name))
        result: rs.PostResult = await wire.ask(rq.Post, group=self.where(name), body=self.fill(line))
        assert result.seq is None
        assert result.command is not None
        return result.command

    async def says(self, name: str, text: str, **fields: Any) -> int:
        """Let somebody post to the group; return the seq."""
        wire: Wire = getattr(self, name)
        self.seq = await wire.post(self.code, text, **fields)
        return self.seq
