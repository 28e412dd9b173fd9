"""The view in the terminal: a list of what waits, what the chosen one says, the board, and the keys."""

from collections.abc import Awaitable
from typing import ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from ...sdk import ClientError
from ...terminal import _
from ..output import show_time
from .desk import COLUMNS, POST, Desk, Picture, Row, Waiting

LOOK_S = 5.0
MOST_DUTIES = 6


class ReasonScreen(ModalScreen[str | None]):
    """Asks for a reason: one of the templates, or one's own words. Escape: none, and nothing is done."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", _("Back"))]
    CSS = """
    ReasonScreen { align: center middle; }
    ReasonScreen > VerticalScroll { width: 80%; height: 60%; border: round; }
    """

    def __init__(self, question: str, templates: list[Row]) -> None:
        super().__init__()
        self._question = question
        self._templates = templates

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Label(self._question, markup=False)
            yield Input(placeholder=_("Your own words, or choose below"), id="reason")
            yield OptionList(
                *(Option(f"{row['name']}: {row['text']}") for row in self._templates), id="templates", markup=False
            )

    def on_mount(self) -> None:
        """Begin at the templates, where there are any."""
        self.query_one("#templates" if self._templates else "#reason").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take one's own words."""
        if event.value.strip():
            self.dismiss(event.value.strip())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take a template's text."""
        self.dismiss(str(self._templates[event.option_index]["text"]))


class Watch(App[None]):
    """The view. Whatever is done goes to the server as an order of its own, and what comes of it is said below."""

    TITLE = "folkmoot admin watch"
    CSS = """
    #board { height: auto; max-height: 8; padding: 0 1; }
    #waiting { width: 3fr; }
    #shown { width: 2fr; padding: 0 1; border-left: solid; }
    #said { height: 1; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("s", "show", _("Show")),
        ("n", "next", _("Next")),
        ("a", "approve", _("Approve")),
        ("d", "deny", _("Deny")),
        ("c", "claim", _("Claim")),
        ("r", "look", _("Refresh")),
        ("q", "quit", _("Quit")),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._templates: list[Row] = []
        self.shown = ""
        self._gone: set[str] = set()
        self.waiting: dict[str, Waiting] = {}

    def compose(self) -> ComposeResult:
        yield Static(id="board", markup=False)
        with Horizontal():
            yield DataTable(id="waiting", cursor_type="row")
            with VerticalScroll(id="shown"):
                yield Static(id="text", markup=False)
        yield Static(id="said", markup=False)
        yield Footer()

    async def on_mount(self) -> None:
        """Begin to look."""
        for name in COLUMNS:
            self.table.add_column(_(name), key=name)
        self.table.focus()
        self.action_look()
        self.set_interval(LOOK_S, self.action_look)

    @property
    def table(self) -> DataTable[str]:
        """The list of what waits."""
        return self.query_one("#waiting", DataTable)

    @property
    def chosen(self) -> Waiting | None:
        """What the cursor stands on."""
        if not self.table.is_valid_row_index(self.table.cursor_row):
            return None
        key = self.table.coordinate_to_cell_key(self.table.cursor_coordinate).row_key
        return self.waiting.get(str(key.value))

    @property
    def is_asking(self) -> bool:
        """Whether the reviewer is asked for a reason."""
        return isinstance(self.screen, ReasonScreen)

    def say(self, text: str) -> None:
        """Tell the reviewer something."""
        self.query_one("#said", Static).update(text)

    @work(exclusive=True, group="look")
    async def action_look(self) -> None:
        """Ask for everything afresh."""
        try:
            if not self._templates:
                self._templates = await self._desk.templates()
            self.put(await self._desk.look())
        except ClientError as error:
            self.say(str(error))

    def put(self, picture: Picture) -> None:
        """Show what there is, the cursor staying where it was."""
        # What was decided since this was asked for waits no more.
        self._gone &= {one.case for one in picture.waiting}
        known, table = {one.case: one for one in picture.waiting if one.case not in self._gone}, self.table
        for case in self.waiting.keys() - known.keys():
            self._drop(case)
        for case, one in known.items():
            if case not in self.waiting:
                table.add_row(*one.cells, key=case)
            elif self.waiting[case] != one:
                for name, cell in zip(COLUMNS, one.cells, strict=True):
                    table.update_cell(case, name, cell)
        self.waiting = known
        lines = [head_of(picture), *map(duty_line, picture.duties[:MOST_DUTIES])]
        self.query_one("#board", Static).update("\n".join(lines))

    def _drop(self, case: str) -> None:
        if self.waiting.pop(case, None) is not None:
            self.table.remove_row(case)

    @work(exclusive=True, group="act")
    async def action_show(self) -> None:
        """Show what the chosen one says."""
        await self._show()

    @work(exclusive=True, group="act")
    async def action_next(self) -> None:
        """Go to the next, and show it."""
        if self.shown and self.chosen is not None and self.chosen.case == self.shown:
            self.table.action_cursor_down()
        await self._show()

    async def _show(self) -> None:
        one = self.chosen
        text, self.shown = "", ""
        if one is not None:
            try:
                text, self.shown = await self._desk.show(one), one.case
            except ClientError as error:
                self.say(str(error))
        self.query_one("#text", Static).update(text)

    @work(exclusive=True, group="act")
    async def action_approve(self) -> None:
        """Let a post pass, or uphold a report, for a reason."""
        one = self.chosen
        if one is not None:
            reason = "" if one.kind == POST else await self._ask(_("Uphold report {case}: why?"), one)
            if reason is not None:
                await self._do(one, self._desk.approve(one, reason), _("Approved: {case}"))

    @work(exclusive=True, group="act")
    async def action_deny(self) -> None:
        """Turn a post down, or dismiss a report, for a reason."""
        one = self.chosen
        if one is not None:
            reason = await self._ask(_("Turn down {case}: why?"), one)
            if reason is not None:
                await self._do(one, self._desk.deny(one, reason), _("Turned down: {case}"))

    @work(exclusive=True, group="act")
    async def action_claim(self) -> None:
        """Take a report on."""
        one = self.chosen
        if one is not None and one.kind == POST:
            self.say(_("Posts are decided on at once: there is nothing to claim."))
        elif one is not None:
            try:
                await self._desk.claim(one)
            except ClientError as error:
                self.say(str(error))
                return
            self.say(_("Claimed: {case}").format(case=one.case))
            self.action_look()

    async def _ask(self, question: str, one: Waiting) -> str | None:
        return await self.push_screen_wait(ReasonScreen(question.format(case=one.case), self._templates))

    async def _do(self, one: Waiting, act: Awaitable[None], said: str) -> None:
        """Do it, and go on to the next, shown if this one was."""
        try:
            await act
        except ClientError as error:
            self.say(str(error))
            return
        self.say(said.format(case=one.case))
        self._gone.add(one.case)
        was_shown = self.shown == one.case
        self._drop(one.case)
        if was_shown:
            await self._show()


def head_of(picture: Picture) -> str:
    """Return the first line: how much waits, and how the node that answers is."""
    node = picture.node
    posts = sum(one.kind == POST for one in picture.waiting)
    counts = {"posts": posts, "reports": len(picture.waiting) - posts}
    line = _("Waiting: {posts} posts, {reports} reports").format(**counts)
    if not node:
        return line
    failing = [job["name"] for job in node["jobs"] if job["is_failing"]]
    load = _("node {node} {version}: {connections} connections, since {since}").format(
        node=node["node"], version=node["version"], connections=node["connections"], since=show_time(node["started_ts"])
    )
    remarks = [*map(str, node.get("remarks", ())), *(_("job {job} is failing").format(job=name) for name in failing)]
    return " · ".join([line, load, *remarks])


def duty_line(duty: Row) -> str:
    """Return a line of the board."""
    at = duty.get("at_ts")
    due = f" · {show_time(at)}" if at else ""
    return f"{duty.get('state', ''):>6}  {duty.get('text') or duty.get('duty', '')}: {duty.get('figure', '')}{due}"
