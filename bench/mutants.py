"""Mutation testing: change the code a little, see whether a test notices, a few thousand times.

    python bench/mutants.py [--out FILE] [MODULE…]      a MODULE is a part of a file's path; none: all of GROUPS

Tests are collected once. Each change is then made in a fork of that process, by giving the function new code, and the
tests that run through the changed line are run until one fails. A table is changed where it stands, with what rests on
it; what else is carried out at import is imported afresh, changed, in a fork that has read no code of ours.

Results go to FILE, a line for each change; who starts again goes on from there, and a module that has changed is begun
anew. What is left is compared with the table of docs/mutants.md.
"""

import argparse
import contextlib
import gc
import hashlib
import json
import os
import pickle
import re
import resource
import selectors
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path
from types import FunctionType
from typing import Any

import hypothesis
import hypothesis.stateful
import msgspec
import pytest
import pytest_asyncio
import sqlalchemy
import websockets.asyncio.client
from coverage import Coverage
from mutants_made import FUNCTIONS, ROOT, ChangedModule, Sources, key_of_code, make
from mutants_report import KILLED, NOT_COVERED, SURVIVED, TIMEOUT, digest, read, report
from mutations import Change, changes_of

PRELOADED = (hypothesis, hypothesis.stateful, msgspec, pytest_asyncio, sqlalchemy, websockets.asyncio.client)
"""What tests need and takes long to import; nothing of ours."""


@dataclass(frozen=True)
class Group:
    """Some code, and the tests that are to notice what happens to it."""

    code: tuple[str, ...]
    tests: tuple[str, ...]


def in_folder(folder: str, names: str) -> tuple[str, ...]:
    """Return the paths of test files."""
    return tuple(f"tests/{folder}/test_{name}.py" for name in names.split())


RULES = "group_machine account_machine duration"
DELIVERY = (
    "audience catch_up commit_queue flood follower following hub memberships posting rate_limit recent_entries rooms "
    "session"
)

HOUSE = "governance/folkmoot_governance"

GROUPS = (
    Group(
        (f"{HOUSE}/content",),
        ("tests/unit/governance/content", *in_folder("unit/governance", "decide_content platform_words")),
    ),
    Group(
        (f"{HOUSE}/case", f"{HOUSE}/group", *(f"{HOUSE}/{path.name}" for path in sorted((ROOT / HOUSE).glob("*.py")))),
        ("tests/unit/governance", *in_folder("property", RULES)),
    ),
    Group(
        (
            "server/folkmoot_server/delivery",
            "server/folkmoot_server/actions/posts/posting.py",
            "server/folkmoot_server/live/rooms.py",
            "server/folkmoot_server/live/recent_entries.py",
        ),
        in_folder("unit/server", DELIVERY),
    ),
)
CPU_S, WALL_S = 5, 60
"""What a change may cost besides twice what its tests cost without it, of the processor and by the clock."""

TEST_S = 10
"""What a single test may take by the clock, besides five times what it takes without a change."""

SOON_S, IDLE_S = 20, 3
"""A loop that nothing comes to in `IDLE_S`, and whose next timer is not due in `SOON_S`, hangs."""

FEW = 3
"""Files whose tests are tried first on a change that has to be imported."""


@dataclass
class Baseline:
    """What the tests do without any change: seconds by test, of the processor and by the clock, and the tests that run
    through each line of a file."""

    seconds: dict[str, float] = field(default_factory=dict)
    waits: dict[str, float] = field(default_factory=dict)
    tests: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    at_import: dict[str, set[int]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    @cached_property
    def _files(self) -> set[str]:
        return {test.partition("::")[0] for test in self.seconds}

    def is_at_import(self, change: Change) -> bool:
        """Say whether the changed line runs when its module is imported, and in no test."""
        if change.function is None:
            return True
        run = self.tests.get(str(change.path), {}).get(change.line)
        return not run and change.line in self.at_import.get(str(change.path), ())

    def through(self, change: Change, sources: "Sources") -> set[str]:
        """Return the tests that run through the changed line or, where that runs at import, through what uses it.

        A test may look at a table by itself, so tests in files that name it count, too.
        """
        if self.is_at_import(change):
            named = {file for file in self._files if any(name in _names_in(file) for name in sources.names(change))}
            by_name = {test for test in self.seconds if test.partition("::")[0] in named}
            places = sources.uses(change)
            return by_name.union(*(self.tests.get(path, {}).get(line, set()) for path, line in places))
        lines = self.tests.get(str(change.path), {})
        first = change.function.body[0].lineno
        return lines.get(change.line) or set().union(*(lines.get(line, ()) for line in range(first, change.line)))


@cache
def _names_in(file: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", (ROOT / file).read_text("utf-8")))


# What runs in forks


def in_fork(work: Callable[[], int], *, cpu_s: float | None = None, wall_s: float | None = None) -> int | None:
    """Return what `work` gives in a fork, silently; None when it took longer than it may."""
    child = os.fork()
    if not child:
        _work_alone(work, cpu_s)
    until = time.monotonic() + (wall_s or 1e9)
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            signaled = os.WIFSIGNALED(status)
            return None if signaled and os.WTERMSIG(status) == signal.SIGXCPU else os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        time.sleep(0.005)


def _work_alone(work: Callable[[], int], cpu_s: float | None) -> None:
    code = 99
    try:
        null = os.open(os.devnull, os.O_RDWR)
        if "MUTANTS_DEBUG" not in os.environ:
            os.dup2(null, 1)
            os.dup2(null, 2)
        if cpu_s is not None:
            spent = time.process_time()
            resource.setrlimit(resource.RLIMIT_CPU, (int(spent + cpu_s) + 1, int(spent + cpu_s) + 5))
        code = work()
    finally:
        os._exit(code)


def end_what_hangs() -> None:
    """Let an event loop fail that has been idle for a while and waits for nothing that is to come soon."""
    select = selectors.DefaultSelector.select

    def impatient(self: Any, timeout: float | None = None) -> Any:
        if timeout is not None and timeout < SOON_S:
            return select(self, timeout)
        ready = select(self, IDLE_S)
        if not ready:
            raise RuntimeError("what this waits for does not come any more")
        return ready

    selectors.DefaultSelector.select = impatient  # type: ignore[method-assign]  # on purpose


def run_pytest(paths: Sequence[str], plugin: object, place: Path) -> int:
    """Run pytest in this process."""
    # Warnings are not what is looked for, and asserts in plugins that are imported already need no rewriting.
    # To write out how a test failed takes longer than all else.
    shown = "short" if "MUTANTS_DEBUG" in os.environ else "no"
    options = f"-q -s -x -p no:cacheprovider -p no:xdist --timeout=30 --hypothesis-profile=quick --tb={shown}"
    ignored = "ignore::pytest.PytestAssertRewriteWarning"
    return int(
        pytest.main([*options.split(), "-W", ignored, f"--basetemp={place / 'tests'}", *paths], plugins=[plugin])
    )


class Watching:
    """Runs all tests once and notes what each costs and which lines it runs through."""

    def __init__(self, files: Sequence[Path], result: Path) -> None:
        self._result, self._baseline = result, Baseline()
        self._coverage = Coverage(
            data_file=None, branch=False, include=[str(path) for path in files], config_file=False
        )

    def pytest_sessionstart(self) -> None:
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._coverage.switch_context(item.nodeid)
        began, began_waiting = time.process_time(), time.monotonic()
        result = yield
        self._baseline.seconds[item.nodeid] = time.process_time() - began
        self._baseline.waits[item.nodeid] = time.monotonic() - began_waiting
        self._coverage.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._baseline.failed.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        data = self._coverage.get_data()
        for file in data.measured_files():
            lines = {line: {one for one in tests if one} for line, tests in data.contexts_by_lineno(file).items()}
            path = str(Path(file).relative_to(ROOT))
            self._baseline.tests[path], self._baseline.at_import[path] = lines, set(lines)
        self._result.write_bytes(pickle.dumps(self._baseline))


class Failures:
    """Ends a run with the first test that fails; tells which."""

    def __init__(self) -> None:
        self.first = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.first:
            self.first = report.nodeid
            if "MUTANTS_DEBUG" in os.environ:
                print(report.longreprtext)


class Judging(Failures):
    """Has the tests collected, and judges changes in forks that give a function new code, or a table new contents."""

    def __init__(self, judge: "Judge", changes: Sequence[Change]) -> None:
        super().__init__()
        self._judge, self._changes = judge, changes

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        for one in gc.get_objects():
            if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(str(ROOT)):
                FUNCTIONS[key_of_code(one.__code__)].append(one)
        for name, item in items.items():
            # What waits for what does not come any more is not waited for long.
            item.add_marker(pytest.mark.timeout(TEST_S + 5 * self._judge.baseline.waits.get(name, 0)))
        gc.collect()
        gc.freeze()
        noticed = in_fork(lambda: self._run(None, list(items), items))
        assert noticed == 0, f"{self._judge.last_killer()} fails in a fork, though nothing was changed"
        for change in self._changes:
            names = [name for name in self._judge.order(change) if name in items]
            self._judge.judge(change, names, partial(self._run, change, names, items))
        return True

    def _run(self, change: Change | None, names: list[str], items: dict[str, pytest.Item]) -> int:
        if change is not None:
            end_what_hangs()
            make(change, self._judge.sources)
        for index, name in enumerate(names):
            item = items[name]
            after = items[names[index + 1]] if index + 1 < len(names) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if self.first:
                self._judge.note_killer(self.first)
                return 1
        return 0


class Importing(Failures):
    """Imports a changed module, then collects and runs tests in the order asked for."""

    def __init__(self, judge: "Judge", names: Sequence[str]) -> None:
        super().__init__()
        self._judge, self._names = judge, {name: index for index, name in enumerate(names)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((one for one in items if one.nodeid in self._names), key=lambda one: self._names[one.nodeid])

    def pytest_sessionfinish(self) -> None:
        if self.first:
            self._judge.note_killer(self.first)


# What runs in the first process


class Judge:
    """Knows what was found out so far, and chooses which tests a change has to pass, likely failures first."""

    def __init__(self, baseline: Baseline, sources: Sources, out: Path, place: Path) -> None:
        self.sources = sources
        self.baseline, self._out, self._place = baseline, out, place
        self._killers: defaultdict[tuple[Path, str], Counter[str]] = defaultdict(Counter)
        self._killer = place / "killer"

    def order(self, change: Change) -> list[str]:
        """Return the tests to run: those that noticed changes nearby, then the quick ones."""
        killers, seconds = self._killers[change.path, change.scope], self.baseline.seconds
        through = self.baseline.through(change, self.sources)
        return sorted(through, key=lambda name: (-killers[name], seconds[name]))

    def note_killer(self, name: str) -> None:
        """Note, in a fork, which test has noticed."""
        self._killer.write_text(name)

    def last_killer(self) -> str:
        """Return which test a fork has noted last."""
        return self._killer.read_text() if self._killer.exists() else ""

    def judge(self, change: Change, names: list[str], work: Callable[[], int]) -> None:
        """Carry out `work` in a fork, and write down what came of it."""
        self._killer.write_text("")
        verdict = NOT_COVERED
        if names:
            cost = 2 * sum(self.baseline.seconds[name] for name in names)
            code = in_fork(work, cpu_s=CPU_S + cost, wall_s=WALL_S + 10 * cost)
            verdict = TIMEOUT if code is None else KILLED if code else SURVIVED
        killer = self.last_killer()
        self._killers[change.path, change.scope][killer] += 1
        row = {**key_of(change), "line": change.line, "verdict": verdict, "killer": killer}
        with self._out.open("a") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        if verdict in (SURVIVED, NOT_COVERED):
            print(f"{change.path}:{change.line} {change.scope}: {change.text} ({verdict})", flush=True)


def key_of(change: Change) -> dict[str, Any]:
    """Return what tells a change from others, whatever line it is on."""
    source = digest(str(change.path))
    return {"path": str(change.path), "source": source, "scope": change.scope, "change": change.text, "nth": change.nth}


def files_of(group: Group) -> list[Path]:
    """Return the files of a group."""
    return [
        path.relative_to(ROOT)
        for start in group.code
        for path in ([ROOT / start] if start.endswith(".py") else sorted((ROOT / start).rglob("*.py")))
    ]


def is_chosen(change: Change, share: int) -> bool:
    """Say whether a change is in the sample of one in `share`: which those are depends on the change alone."""
    text = repr(tuple(key_of(change).values()))
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % share == 0


def test(group: Group, parts: Sequence[str], out: Path, place: Path, *, again: bool, share: int) -> None:
    """Judge the changes to the files of a group that nobody has judged yet or, `again`, that no test has noticed.

    `share`: one in so many.
    """
    known = {key for key, row in read(out).items() if not again or row["verdict"] in (KILLED, TIMEOUT)}
    files = [path for path in files_of(group) if not parts or any(part in str(path) for part in parts)]
    sources = Sources(files_of(group))
    changes = [change for path in files for change in changes_of(path, sources.trees[path])]
    changes = [one for one in changes if tuple(key_of(one).values()) not in known and is_chosen(one, share)]
    if not changes:
        return
    measured = place / "baseline"
    in_fork(lambda: run_pytest(group.tests, Watching([ROOT / path for path in files_of(group)], measured), place))
    baseline: Baseline = pickle.loads(measured.read_bytes())
    assert not baseline.failed, f"tests fail without any change: {baseline.failed}"
    print(f"{len(changes)} changes, {len(baseline.seconds)} tests, {sum(baseline.seconds.values()):.0f} s", flush=True)
    judge = Judge(baseline, sources, out, place)
    slow = [one for one in changes if baseline.is_at_import(one) and (one.function or not sources.can_be_replaced(one))]
    quick = [one for one in changes if all(one is not other for other in slow)]
    if in_fork(lambda: run_pytest(group.tests, Judging(judge, quick), place)):
        raise SystemExit("This broke off: MUTANTS_DEBUG=1 shows why. Started again, it goes on from here.")
    for change in slow:
        names = judge.order(change)
        judge.judge(change, names, partial(_import, change, names, judge, place))


def _import(change: Change, names: list[str], judge: Judge, place: Path) -> int:
    """Run the tests in a process that imports the change: first those of few files, for to collect them takes time."""
    sys.meta_path.insert(0, ChangedModule(change))
    files = list(dict.fromkeys(name.partition("::")[0] for name in names))
    for some in filter(None, (files[:FEW], files[FEW:])):
        code = run_pytest(some, Importing(judge, names), place)
        if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return code
    return 0


def main() -> None:
    """Judge, then report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", help="parts of paths")
    parser.add_argument("--out", type=Path, default=ROOT / ".mutants.jsonl")
    parser.add_argument("--again", action="store_true", help="judge those again that no test has noticed")
    parser.add_argument("--share", type=int, default=1, help="judge one change in so many, chosen by its hash")
    parser.add_argument("--report", action="store_true", help="only report what was found out before")
    asked = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    place = Path(tempfile.mkdtemp(prefix="mutants-"))
    try:
        for group in () if asked.report else GROUPS:
            test(group, asked.modules, asked.out, place, again=asked.again, share=asked.share)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    with contextlib.suppress(BrokenPipeError):
        sys.exit(bool(report(asked.out)))


if __name__ == "__main__":
    main()
