"""Groups' own words: searched for off the event loop, compiled once, group by group."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from folkmoot_governance.content.kinds import Action
from folkmoot_governance.content.match import Matcher, Verdict
from folkmoot_governance.group.state import Word
from folkmoot_server.content import group_words as own_words
from folkmoot_server.content.group_words import GroupWords, compile_words


def words_of(*words: str) -> own_words.Words:
    return {word: Word(word, Action.REFUSE, "olga") for word in words}


CASINO = words_of("casino")


@pytest.fixture
async def own() -> AsyncIterator[GroupWords]:
    words = GroupWords()
    yield words
    words.close()


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The texts that were judged, each with the name of the thread that did it."""
    found = []
    judge = Matcher.judge

    def note(self: Matcher, reading: own_words.Reading, *, staff: bool = False) -> Verdict | None:
        found.append((reading.plain, threading.current_thread().name))
        return judge(self, reading, staff=staff)

    monkeypatch.setattr(Matcher, "judge", note)
    return found


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The words that were compiled."""
    found = []

    def note(words: own_words.Words) -> Matcher:
        found.append(sorted(words))
        return compile_words(words)

    monkeypatch.setattr(own_words, "compile_words", note)
    return found


async def test_words_are_searched_for_in_a_thread_of_their_own(own: GroupWords, judged: list[tuple[str, str]]) -> None:
    words = words_of(r"/ca.ino\d+/", "spam.example")
    found = await own.judge("1", words, "casino7")
    assert found.verdict is not None and found.verdict.rule == r"word:/ca.ino\d+/"
    assert found.words is words and found.reading.plain == "casino7"
    assert (await own.judge("1", words, "a quiet word")).verdict is None
    assert {thread for _, thread in judged} == {"folkmoot-words"}


async def test_words_are_compiled_once_for_each_change(own: GroupWords, compiled: list[list[str]]) -> None:
    words = words_of("one")
    for _ in range(3):
        await own.judge("1", words, "text")
    assert (await own.judge("1", words_of("one", "two"), "two")).verdict is not None
    assert compiled == [["one"], ["one", "two"]]


async def test_few_groups_are_kept_compiled(
    own: GroupWords, compiled: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_words, "MAX_COMPILED", 2)
    groups = {code: words_of(f"word{code}") for code in "012"}
    for code in "010201":
        await own.judge(code, groups[code], "text")
    assert compiled == [["word0"], ["word1"], ["word2"], ["word1"]], "the one asked for least lately went"


async def test_groups_take_turns(own: GroupWords, judged: list[tuple[str, str]]) -> None:
    flood = [asyncio.create_task(own.judge("1", CASINO, f"busy {number}")) for number in range(50)]
    await asyncio.sleep(0)
    late = asyncio.create_task(own.judge("2", CASINO, "calm"))
    await asyncio.gather(*flood, late)
    texts = [text for text, _ in judged]
    assert texts.index("calm") <= 3 * own_words.AT_ONCE
    assert [text for text in texts if text != "calm"] == [f"busy {number}" for number in range(50)]


async def test_what_cannot_be_judged_fails_alone(own: GroupWords, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(words: own_words.Words) -> Matcher:
        raise ValueError("too much")

    with monkeypatch.context() as broken:
        broken.setattr(own_words, "compile_words", fail)
        with pytest.raises(ValueError, match="too much"):
            await own.judge("1", CASINO, "casino")
    assert (await own.judge("1", CASINO, "casino")).verdict is not None


async def test_who_no_longer_waits_holds_nobody_up(own: GroupWords) -> None:
    gone = asyncio.create_task(own.judge("1", CASINO, "casino"))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await own.judge("1", CASINO, "casino")).verdict is not None
