"""The content rules in force: loaded from files off the event loop, again when a file changes, and from the words that
staff has set; asked on every post.

A file that cannot be used leaves the rules as they were; what is wrong is in the log and in `admin rule list`.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog
from msgspec import Struct

from folkmoot_governance import Refusal
from folkmoot_governance.content.fold import read
from folkmoot_governance.content.kinds import Action, Severity
from folkmoot_governance.content.match import Matcher, Verdict, held_by, stricter
from folkmoot_governance.content.rules import MAX_TIMES, TIMED, Rule, RuleSet, check_rule, check_steps
from folkmoot_governance.platform_words import PlatformWord
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Role

from ..common.i18n import N_
from ..config.settings import ContentPolicy
from ..live.rooms import Room
from ..storage.api import Ledger
from .group_words import Found, word_rule
from .rule_files import RuleFileError, find_rule_file, load_rule_set

log = structlog.get_logger()

LOOK_S = 2.0
"""How often files and words are looked at for changes."""
RECORD_MS = 60_000
"""One broken rule is recorded so often, for each member and group: refusals come as fast as somebody types."""
MAX_RECENT = 10_000
WORD_LEAST, WORD_MOST = 2, 60

Stamps = tuple[tuple[str, int, int], ...]


class Loaded(Struct, frozen=True):
    """Rule sets that were read together, ready to judge."""

    sets: tuple[RuleSet, ...]
    matcher: Matcher


def actions_of(policy: ContentPolicy) -> dict[Severity, Action]:
    """Return what follows from each severity."""
    return {Severity(name): Action(getattr(policy, name)) for name in ("low", "medium", "high")}


def look_at(paths: Sequence[Path]) -> Stamps:
    """Return how files stand: two answers differ when a file has changed. Touches the disk."""
    found = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            found.append((str(path), 0, -1))
        else:
            found.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(found)


def load(paths: Sequence[Path], actions: Mapping[Severity, Action]) -> Loaded:
    """Read and compile rule files. Takes a while. Raises RuleFileError."""
    sets = tuple(map(load_rule_set, paths))
    return Loaded(sets, Matcher([rule for one in sets for rule in one.rules], actions))


class ContentRules:
    """Judges posts by the operator's rules, and with what the group's own words say."""

    def __init__(self, policy: ContentPolicy) -> None:
        self.actions = actions_of(policy)
        self.problem: RuleFileError | None = None
        self._paths = [find_rule_file(name) for name in policy.rule_files]
        self._loaded = Loaded((), Matcher((), self.actions))
        self._words: list[PlatformWord] | None = None
        self._by_words = Matcher((), {})
        self._seen: Stamps = ()
        self._is_loaded = False
        self._loading = asyncio.Lock()
        self.revision = 0
        """Another number whenever other rules are in force."""
        self._recorded: dict[tuple[str, str, str], int] = {}

    @property
    def sets(self) -> tuple[RuleSet, ...]:
        """The rule sets in force."""
        return self._loaded.sets

    @property
    def in_force(self) -> tuple[Rule, ...]:
        """The operator's rules that look at what a text says, those of files and the words of staff."""
        words = (word_rule(one.word, one.verdict) for one in self._words or ())
        rules = (rule for one in self.sets for rule in one.rules)
        return tuple(rule for rule in (*rules, *words) if rule.kind not in TIMED)

    @property
    def is_loaded(self) -> bool:
        """Whether files and words were loaded."""
        return self._words is not None and self._is_loaded

    async def load(self) -> None:
        """Load all files, unless that takes rules out of force. Raises RuleFileError."""
        # One at a time: what was read first must not be what stays.
        async with self._loading:
            self._seen = await asyncio.to_thread(look_at, self._paths)
            try:
                self._loaded = await asyncio.to_thread(load, self._paths, self.actions)
                self.problem, self._is_loaded = None, True
                self.revision += 1
            except RuleFileError as error:
                self.problem = error
                raise

    async def load_words(self, ledger: Ledger) -> None:
        """Take over the words that staff has set. Raises StorageError."""
        words = await ledger.platform_words()
        if words != self._words:
            self._by_words = await asyncio.to_thread(Matcher, [word_rule(one.word, one.verdict) for one in words], {})
            self._words = words
            self.revision += 1

    async def load_changed(self) -> None:
        """Load all files again if one has changed; a file that cannot be used leaves the rules as they were."""
        if await asyncio.to_thread(look_at, self._paths) == self._seen:
            return
        try:
            await self.load()
            log.info("loaded the content rules", versions=[f"{one.name} {one.version}" for one in self.sets])
        except RuleFileError as error:
            log.warning("kept the old content rules", problem=str(error))

    def judge(
        self, room: Room, user: str, body: str, now: int, own: Found | None, *, again: bool = False
    ) -> Verdict | None:
        """Return what the rules say of a post that is allowed otherwise, `own` being what the group's own words say.

        A post judged `again` is not counted twice.
        """
        matcher, words = self._loaded.matcher, self._by_words
        if not matcher.rules and not words.rules and own is None:
            return None
        reading = own.reading if own is not None else read(body)
        staff = room.state.role_of(user) is not Role.MEMBER
        verdict = matcher.judge(reading, staff=staff)
        if words.rules:
            verdict = stricter(verdict, words.judge(reading, staff=staff))
        if matcher.is_timed and not again:
            earlier = room.recent_posts.setdefault(user, deque(maxlen=MAX_TIMES))
            verdict = stricter(verdict, matcher.judge_timed(reading, earlier, now, staff=staff))
            earlier.append((now, hash(reading.squeezed)))
        own_verdict = own.verdict if own is not None else None
        return None if verdict is own_verdict is None else held_by(verdict, own_verdict)

    def categories_of(self, said: str) -> frozenset[str]:
        """Return the categories that a text is of by the operator's rules, whatever its author says."""
        matcher = self._loaded.matcher
        return matcher.categories(read(said)) if matcher.has_categories else frozenset()

    def judge_text(self, said: str, own: Found | None, *, staff: bool) -> Verdict | None:
        """Return what the rules say of a text that is no entry: rules that count what somebody posts do not."""
        matcher, words = self._loaded.matcher, self._by_words
        reading = own.reading if own is not None else read(said)
        verdict = matcher.judge(reading, staff=staff) if matcher.rules else None
        if words.rules:
            verdict = stricter(verdict, words.judge(reading, staff=staff))
        return stricter(verdict, own.verdict) if own is not None else verdict

    def is_to_record(self, code: str, user: str, rule: str, now: int) -> bool:
        """Say whether a refusal goes into the ledger: not when the same one did a moment ago."""
        key = (code, user, rule)
        if now < self._recorded.get(key, 0) + RECORD_MS:
            return False
        if len(self._recorded) >= MAX_RECENT:
            self._recorded.clear()
        self._recorded[key] = now
        return True


def check_word(word: str) -> Refusal | None:
    """Refuse a word that is no rule: too short, too long, or a pattern that cannot be compiled."""
    if not WORD_LEAST <= len(word) <= WORD_MOST:
        text = N_("A word has {least} to {most} characters.")
        return Refusal(ErrorCode.BAD_SYNTAX, text, {"least": WORD_LEAST, "most": WORD_MOST})
    for problem in check_rule(word_rule(word, Action.REFUSE)):
        return Refusal(ErrorCode.BAD_SYNTAX, problem.text, {**problem.detail, "rule": word})
    return check_steps((), word, "/help word")
