"""What the view shows and does, without a terminal: the queues, the board and the node, asked of the server."""

from dataclasses import dataclass, field
from typing import Any

from ...sdk import Client, RequestRefused
from ...terminal import N_, _
from ..output import show_time

AT_ONCE = 200
"""So many of each queue are fetched; the oldest come first."""

Row = dict[str, Any]
POST, REPORT = "post", "report"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for a decision: a post that a rule of the operator's holds or flags, or a report."""

    kind: str
    case: str
    row: Row

    @property
    def cells(self) -> tuple[str, ...]:
        """What its line has: what it is, its case, rule or reason, whom it is about, who works on it, until when."""
        row = self.row
        why = f"{row.get('rule') or row.get('reason', '')} ({row['severity']})"
        due = int(row.get("due_ts") or row.get("until_ts") or 0)
        until = f"{'! ' if row.get('state') == 'overdue' else ''}{show_time(due) or ''}"
        kind = _(N_("flagged")) if self.kind == POST and row.get("seq") else _(KINDS[self.kind])
        return kind, self.case, why, row.get("user", ""), row.get("claimed_by", ""), until


KINDS = {POST: N_("post"), REPORT: N_("report")}
COLUMNS = (N_("what"), N_("case"), N_("why"), N_("about"), N_("claimed by"), N_("until"))


@dataclass(slots=True)
class Picture:
    """All of it as it was a moment ago: what waits, what staff owes, and the node that answers."""

    waiting: list[Waiting] = field(default_factory=list)
    duties: list[Row] = field(default_factory=list)
    node: Row = field(default_factory=dict)


class Desk:
    """A reviewer's desk, over a connection that is signed in."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def look(self) -> Picture:
        """Return what there is now. What one's role does not cover is left out. Raises `ClientError`."""
        posts = [Waiting(POST, row["case"], row) for row in await self._list("queue")]
        reports = [Waiting(REPORT, row["case"], row) for row in await self._list("case")]
        duties = [row for row in await self._list("duty", "show") if row.get("state") != "met"]
        nodes = await self._list("node", "show")
        return Picture([*reports, *posts], duties, nodes[0] if nodes else {})

    async def _list(self, noun: str, verb: str = "list") -> list[Row]:
        limit = AT_ONCE if verb == "list" else None
        try:
            return list((await self._client.admin(noun, verb, limit=limit)).items)
        except RequestRefused as refused:
            if refused.code != "forbidden":
                raise
            return []

    async def templates(self) -> list[Row]:
        """Return the texts that a reason may stand for, each with its `name`. Raises `ClientError`."""
        return await self._list("case", "templates")

    async def show(self, one: Waiting) -> str:
        """Return what something says; the server has on record that it was read. Raises `ClientError`."""
        noun = NOUNS[one.kind]
        found = (await self._client.admin(noun, "show", target=one.case)).items
        return "\n".join(line for item in found for line in lines_of(item))

    async def approve(self, one: Waiting, reason: str) -> None:
        """Let a post pass; find that a report is right. Raises `ClientError`."""
        if one.kind == POST:
            await self._client.admin("queue", "approve", target=one.case)
        else:
            await self._client.admin("case", "close", target=one.case, reason=reason, options={"outcome": "upheld"})

    async def deny(self, one: Waiting, reason: str) -> None:
        """Turn a post down; find that a report is not right. Raises `ClientError`."""
        if one.kind == POST:
            await self._client.admin("queue", "deny", target=one.case, reason=reason)
        else:
            await self._client.admin("case", "close", target=one.case, reason=reason, options={"outcome": "dismissed"})

    async def claim(self, one: Waiting) -> None:
        """Take a report on. Raises `ClientError`."""
        await self._client.admin("case", "claim", target=one.case)


NOUNS = {POST: "queue", REPORT: "case"}


def lines_of(value: object, indent: str = "") -> list[str]:
    """Return an item as lines: a field each, what is in it below it, times as people read them."""
    if isinstance(value, dict):
        lines: list[str] = []
        for name, one in value.items():
            if one in (None, "", [], {}, 0):
                continue
            if isinstance(one, dict | list):
                lines += [f"{indent}{name}:", *lines_of(one, indent + "  ")]
            else:
                shown = show_time(one) if name.endswith(("_ts", "_ms")) and isinstance(one, int) else one
                lines.append(f"{indent}{name}: {shown}")
        return lines
    if isinstance(value, list):
        return [line for one in value for line in [*lines_of(one, indent), ""]][:-1]
    return [f"{indent}{value}"]
