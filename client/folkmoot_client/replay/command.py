"""The command `folkmoot replay`: options, progress, summary, report."""

import asyncio
import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import uvloop

from ..sdk import ClientError, NotReachable
from ..terminal import DONE, FAILED, N_, NOT_REACHABLE, USAGE, _, fail, new_console
from .cast import Cast, OutOfTokens, read_tokens
from .channel_player import ChannelPlayer
from .player import Played, Player
from .tally import SharedLimits
from .transcript import Script, TranscriptError, read_scripts
from .verify import Verdict, verify

LABELS = {
    "lines": N_("Lines of the transcript"),
    "skipped": N_("Skipped"),
    "done": N_("Done"),
    "connections": N_("Connections"),
    "reconnects": N_("Reconnects"),
    "posts": N_("Posts"),
    "deliveries": N_("Deliveries"),
    "refusals": N_("Refusals"),
    "post_to_ok_ms": N_("Post to ok, ms"),
    "post_to_delivery_ms": N_("Post to delivery, ms"),
    "duration_s": N_("Duration, s"),
    "posts_per_s": N_("Posts per second"),
}
"""What the fields of the summary are called."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play, where and how. `rooms_at_once` rooms run side by side; `speed` 0 leaves the gaps out."""

    server: str
    scripts: list[Script]
    speed: float
    tokens: list[str] | None
    rooms_at_once: int
    verify: bool
    as_channels: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay came to."""

    tally: SharedLimits
    verdict: Verdict | None


def run(
    file: Path,
    server: str,
    *,
    speed: float,
    rooms: str,
    limit: int | None,
    tokens: Path | None,
    report: Path | None,
    rooms_at_once: int,
    check: bool,
    as_channels: bool,
) -> int:
    """Play a transcript; return the exit code."""
    plan = Plan(server, load(file, rooms, limit), speed, load_tokens(tokens), rooms_at_once, check, as_channels)
    raise_file_limit()
    try:
        with progress(sum(len(script.steps) for script in plan.scripts)) as advance:
            outcome = uvloop.run(play(plan, advance))
    except NotReachable as error:
        fail(_("The server cannot be reached: {error}").format(error=error), NOT_REACHABLE)
    except OutOfTokens:
        fail(_("The file of tokens has fewer accounts than the transcript has nicks."), FAILED)
    except ClientError as error:
        fail(_("The replay was interrupted: {error}").format(error=error), FAILED)
    tell(outcome)
    if report is not None:
        report.write_text(json.dumps(as_report(outcome), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return DONE if outcome.verdict is None or outcome.verdict.is_good else FAILED


def load(file: Path, rooms: str, limit: int | None) -> list[Script]:
    """Read the transcript, or end the command."""
    try:
        scripts = read_scripts(file, rooms, limit)
    except (TranscriptError, OSError) as error:
        fail(_("{file} is not a transcript: {error}").format(file=file, error=error), USAGE)
    if not scripts:
        fail(_("No room of {file} matches {rooms}.").format(file=file, rooms=rooms), USAGE)
    return scripts


def load_tokens(file: Path | None) -> list[str] | None:
    """Read the file of tokens, or end the command."""
    try:
        return None if file is None else list(read_tokens(file))
    except (OSError, ValueError) as error:
        fail(_("{file} is not a file of tokens: {error}").format(file=file, error=error), USAGE)


def raise_file_limit() -> None:
    """Allow as many connections as the system lets this process have."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def play(plan: Plan, advance: Callable[[], None]) -> Outcome:
    """Play all rooms and, if asked to, check the history. Raises `ClientError`, `OutOfTokens`."""
    tally = SharedLimits()
    cast = Cast(plan.server, tally, None if plan.tokens is None else iter(plan.tokens))
    gate = asyncio.Semaphore(plan.rooms_at_once)
    began = perf_counter()

    async def play_room(script: Script) -> Played:
        async with gate:
            player = ChannelPlayer if plan.as_channels else Player
            return await player(script, cast, tally, plan.speed, advance).play()

    for script in plan.scripts:
        tally.lines += script.lines
        tally.skipped += script.skipped
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(play_room(script)) for script in plan.scripts]
        tally.duration_s = perf_counter() - began
        verdict = await verify([task.result() for task in tasks]) if plan.verify else None
    except BaseExceptionGroup as errors:
        raise first_of(errors) from errors
    finally:
        await cast.close()
    return Outcome(tally, verdict)


def first_of(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first plain error in a group: one room's end tells enough."""
    found: BaseException = errors
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found


@contextmanager
def progress(steps: int) -> Iterator[Callable[[], None]]:
    """Show a progress bar on a terminal; give the function that moves it on by one step."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = new_console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(_("Replaying"), total=steps)
        yield lambda: bar.advance(task)


def tell(outcome: Outcome) -> None:
    """Print the closing summary to stdout and the verdict after it."""
    console = new_console()
    for name, value in outcome.tally.summary().items():
        shown = value
        if isinstance(value, dict):
            shown = ", ".join(f"{key} {count}" for key, count in value.items()) or "-"
        console.print(f"{_(LABELS[name])}: {shown}", soft_wrap=True)
    if outcome.verdict is not None:
        console.print(say_verdict(outcome.verdict), soft_wrap=True)


def say_verdict(verdict: Verdict) -> str:
    """Return the verdict as a sentence."""
    text = _(
        "verified: {messages} messages in {groups} groups, {missing} missing, {out_of_order} out of order, "
        "{doubled} doubled"
    )
    return text.format(**asdict(verdict))


def as_report(outcome: Outcome) -> dict[str, object]:
    """Return summary and verdict as plain values."""
    verdict = None if outcome.verdict is None else asdict(outcome.verdict)
    return {**outcome.tally.summary(), "verified": verdict}
