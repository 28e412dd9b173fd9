"""Groups' own words: compiled and searched for in a thread of their own.

Owners write them, patterns too, and RE2 bounds what a pattern costs only by its size times that of the text: tens of
milliseconds at worst, in which the event loop goes on. Groups take turns, a few posts each.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence

from msgspec import Struct

from folkmoot_governance.content.fold import Reading, read
from folkmoot_governance.content.kinds import Action, Kind, Severity
from folkmoot_governance.content.match import Matcher, Verdict
from folkmoot_governance.content.rules import Rule, is_domain, pattern_of
from folkmoot_governance.group.state import Word

from ..storage.sqlite.worker import Worker

AT_ONCE = 8
"""Posts of one group that are searched before others have their turn."""
MAX_COMPILED = 200
"""Groups whose words are kept compiled; of others they are compiled again."""
MEMORY = 8 << 20
"""Bytes that the automaton of one group's patterns may take."""
WORD_PREFIX = "word:"

Words = Mapping[str, Word]


class Found(Struct, frozen=True):
    """What `words` say of a text, and how it was read."""

    words: Words
    reading: Reading
    verdict: Verdict | None


Waiting = tuple[asyncio.Future[Found], Words, str]


class GroupWords:
    """Judges posts by the words of their group."""

    def __init__(self) -> None:
        self._thread: Worker | None = None
        self._waiting: dict[str, deque[Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._compiled: OrderedDict[str, tuple[Words, Matcher]] = OrderedDict()

    async def judge(self, code: str, words: Words, body: str) -> Found:
        """Return what a group's words say of a post."""
        future: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.get(code)
        if waiting is None:
            waiting = self._waiting[code] = deque()
            task = asyncio.create_task(self._serve(code, waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        waiting.append((future, words, body))
        return await future

    def close(self) -> None:
        """End the thread, after what it has begun."""
        if self._thread is not None:
            self._thread.shut_down()

    async def _serve(self, code: str, waiting: deque[Waiting]) -> None:
        """Judge what waits in a group, as long as something does."""
        if self._thread is None:
            self._thread = Worker("words")
        while waiting:
            batch = [waiting.popleft() for _ in range(min(AT_ONCE, len(waiting)))]
            try:
                found = await self._thread.run(self._judge, code, [(words, body) for _, words, body in batch])
            except Exception as error:
                for future, *_ in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (future, *_), one in zip(batch, found, strict=True):
                if not future.done():
                    future.set_result(one)
        del self._waiting[code]

    def _judge(self, code: str, posts: Sequence[tuple[Words, str]]) -> list[Found]:
        found = []
        for words, body in posts:
            reading = read(body)
            found.append(Found(words, reading, self._matcher(code, words).judge(reading)))
        return found

    def _matcher(self, code: str, words: Words) -> Matcher:
        """Return a group's words as rules, compiled once for each change of them. In the thread only."""
        kept = self._compiled.pop(code, None)
        if kept is None or kept[0] is not words:
            kept = words, compile_words(words)
        self._compiled[code] = kept
        if len(self._compiled) > MAX_COMPILED:
            self._compiled.popitem(last=False)
        return kept[1]


def compile_words(words: Words) -> Matcher:
    """Return a group's words as rules, each named after its word."""
    return Matcher([word_rule(one.word, one.verdict) for one in words.values()], {}, MEMORY)


def word_rule(word: str, verdict: Action) -> Rule:
    """Return a word, anybody's, as a rule: `/…/` is a pattern, a name with a dot a domain, else a term."""
    pattern = pattern_of(word)
    if pattern is not None:
        kind, entry = Kind.PATTERN, pattern
    elif is_domain(word) and not word.startswith("/"):
        kind, entry = Kind.DOMAIN, word
    else:
        kind, entry = Kind.TERM, word
    return Rule(id=WORD_PREFIX + word, kind=kind, severity=Severity.MEDIUM, verdict=verdict, entries=entry)
