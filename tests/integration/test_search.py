"""Searching a group over the wire. What is found is in `conformance/test_search.py`; here: for whom, and how asked."""

import asyncio

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from tests.integration.cast import Cast
from tests.integration.server import Server
from tests.integration.wire import Wire, refused


async def found(cast: Cast, text: str, who: str = "bob", **fields: int) -> rs.SearchResult:
    result: rs.SearchResult = await getattr(cast, who).ask(rq.Search, group=cast.code, text=text, **fields)
    return result


async def test_a_member_finds_what_was_said_by_word_and_by_two_characters(cast: Cast) -> None:
    seqs = [
        await cast.says(*said) for said in (("bob", "今天晚上吃火锅"), ("ann", "Hot POT tonight"), ("carol", "火锅好"))
    ]
    assert [one.seq for one in (await found(cast, "火锅")).entries] == [seqs[2], seqs[0]]
    (entry,) = (await found(cast, "pot hot")).entries
    assert (entry.seq, entry.body, entry.from_.user) == (seqs[1], "Hot POT tonight", cast.ann.user)
    assert await found(cast, "锅火") == rs.SearchResult(entries=(), more=False)


async def test_pages_go_on_below_the_last(cast: Cast) -> None:
    seqs = [await cast.says("bob", f"pages {number}") for number in range(5)]
    first = await found(cast, "pages", limit=3)
    assert [one.seq for one in first.entries] == seqs[:1:-1]
    assert (first.more, first.before) == (True, seqs[2])
    rest = await found(cast, "pages", limit=3, before=first.before)
    assert [one.seq for one in rest.entries] == seqs[1::-1]
    assert (rest.more, rest.before) == (False, None)


async def test_the_command_finds_the_same_and_shows_it(cast: Cast) -> None:
    seq = await cast.says("bob", "a line\nand another " + "x" * 200)
    (entry,) = (await found(cast, "another")).entries
    answer = await cast.does("ann", "/search another")
    assert [one["seq"] for one in answer.data["entries"]] == [seq] == [entry.seq]
    assert answer.data["entries"][0]["body"] == entry.body
    assert answer.text.startswith(f"#{seq} ")
    assert "a line and another xxx" in answer.text
    assert answer.text.endswith("x…")


async def test_what_was_removed_is_not_found(cast: Cast) -> None:
    seq = await cast.says("bob", "my telephone number")
    assert [one.seq for one in (await found(cast, "telephone")).entries] == [seq]
    await cast.does("bob", f"/delete {seq}")
    assert (await found(cast, "telephone")).entries == ()
    assert "telephone" not in (await cast.does("ann", "/search telephone")).text


async def test_nobody_searches_a_group_of_others(cast: Cast) -> None:
    await cast.says("bob", "inside")
    await refused(found(cast, "inside", "dave"), "not_a_member")
    assert len((await found(cast, "inside", "carol")).entries) == 1
    await cast.does("ann", "/kick @{carol}")
    await refused(found(cast, "inside", "carol"), "not_a_member")


@pytest.mark.parametrize(("text", "code"), [("?!", "bad_request"), ("", "bad_request"), ("x" * 201, "too_long")])
async def test_what_cannot_be_searched_for_is_refused(cast: Cast, text: str, code: str) -> None:
    await refused(found(cast, text), code)


async def test_signs_at_the_edges_quotes_and_apostrophes_as_people_type_them(cast: Cast) -> None:
    seq = await cast.says("bob", "Hello, it’s the second café of the town")
    for text in ("hello,", "(Hello)", "it's", "it’s", '"second cafe\u0301"', "“the town”", "ｈｅｌｌｏ！"):
        assert [one.seq for one in (await found(cast, text)).entries] == [seq], text
    assert (await found(cast, '"town the"')).entries == ()


async def test_two_devices_of_an_account_search_at_the_same_moment(cast: Cast, shared: Server) -> None:
    seq = await cast.says("bob", "where are the keys")
    phone, tablet = [await Wire.open(shared.url, cast.bob.token) for _ in range(2)]
    async with phone, tablet:
        asked = [
            await wire.send(rq.Search, group=cast.code, text="keys")
            for _ in range(10)
            for wire in (cast.bob, phone, tablet)
        ]
        for answer in await asyncio.gather(*asked):
            assert [one.seq for one in answer.entries] == [seq]
