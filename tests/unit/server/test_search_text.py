"""What a query finds, and that the index's tokens never leave out what it finds."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_server.storage.search.text import MAX_TOKENS, fold, parse_query, token_number, tokens_of


def finds(query: str, body: str) -> bool:
    parsed = parse_query(query)
    assert parsed is not None
    return parsed.matches(body)


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("群规", "请先看群规再发言"),
        ("规", "请先看群规再发言"),
        ("先看群规", "请先看群规再发言"),
        ("群规 发言", "请先看群规再发言"),
        ("python", "我用Python写的"),
        ("ＰＹＴＨＯＮ", "python is fine"),
        ("straße", "STRASSE"),
        ("ﾃｽﾄ", "これはテストです"),
        ("don't", "I DON'T know"),
        ("don", "I don't know"),
        ("c++", "is c++ hard?"),
        ("a@b.example", "write to a@b.example!"),
        ("สวัสดี", "พูดว่าสวัสดีครับ"),
        ("हिन्दी", "यह हिन्दी है"),
        ("한국", "나는 한국어를"),
        ("🙂", "fine 🙂🙂"),
        ("is hard", "hard it is"),
        ("hello,", "hello"),
        ("(hello)", "Hello there"),
        ("…hello!?", "oh hello"),
        ("«hello»", "hello"),
        ("@bob", "bob said so"),
        ("，你好。", "你好"),
        ("hello - world", "world, hello"),
        ("don’t", "I don't know"),
        ("don't", "I don’t know"),
        ("don＇t", "I don‘t know"),
        ("cafe\u0301", "un café"),
        ("café", "un cafe\u0301"),
        ("한", "\u1112\u1161\u11ab국"),
        ("Ｈｅｌｌｏ，", "hello"),
        ('"hello world"', "Hello, world!"),
        ('"hello world"', "hello\n  world"),
        ("“hello world”", "say hello world now"),
        ("＂hello world＂", "hello world"),
        ("「你好 世界」", "大家你好，世界"),
        ('see "it\'s me" now', "now see: it’s me."),
        ('"hello world', "world hello"),
        ('"c++ is hard"', "C++ is hard"),
        ("c#", "do you know C#?"),
    ],
)
def test_what_is_found(query: str, body: str) -> None:
    assert finds(query, body)


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("规群", "请先看群规再发言"),
        ("先规", "请先看群规再发言"),
        ("看群 没有", "请先看群规再发言"),
        ("pyth", "python"),
        ("thon", "python"),
        ("c++", "is c hard?"),
        ("hard easy", "is it hard?"),
        ("text", ""),
        ('"hello world"', "world hello"),
        ('"hello world"', "hello big world"),
        ('"hello world"', "hello worldly"),
        ('"hello world"', "say hello. The world"),
        ('"你好 世界"', "你好的世界"),
        ('"a b" c', "a b"),
        ("c#", "c sharp"),
    ],
)
def test_what_is_not_found(query: str, body: str) -> None:
    assert not finds(query, body)


@pytest.mark.parametrize("text", ["", "   ", "?!", "…——", '""', "“”", '" , "'])
def test_what_has_nothing_to_search_for(text: str) -> None:
    assert parse_query(text) is None


ALPHABET = "aBß’\" ﬁ1_-'群規规Ａカｶﾞกा한\u0301🙂\ud800\u200b\U00020000"


@given(st.text(ALPHABET, max_size=30), st.text(ALPHABET, max_size=12))
def test_every_token_of_a_query_is_one_of_each_body_that_matches(body: str, query: str) -> None:
    parsed = parse_query(query)
    if parsed is not None and parsed.matches(body):
        assert set(parsed.tokens) <= set(map(token_number, tokens_of(fold(body))))


@given(st.text(ALPHABET, min_size=1, max_size=30), st.data())
def test_a_body_is_found_by_each_of_its_own_words(body: str, data: st.DataObject) -> None:
    words = body.split() or [body]
    chosen = data.draw(st.sampled_from(words))
    parsed = parse_query(chosen)
    assert parsed is None or parsed.matches(body)


@given(st.text(max_size=200))
def test_no_query_asks_the_index_for_too_much(text: str) -> None:
    parsed = parse_query(text)
    assert parsed is None or len(parsed.tokens) <= MAX_TOKENS


@given(st.lists(st.text(ALPHABET, max_size=12), max_size=5), st.text(ALPHABET, max_size=4), st.integers(0, 40))
def test_of_many_bodies_those_are_found_that_match_alone(bodies: list[str], query: str, between: int) -> None:
    parsed = parse_query(query)
    bodies = [*bodies, *["nothing"] * between, *bodies]
    if parsed is not None:
        assert list(parsed.matching(bodies)) == [place for place, body in enumerate(bodies) if parsed.matches(body)]


def test_reading_a_query_compiles_no_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern with these classes takes milliseconds, and there may be a hundred words to one loop."""

    def compile_pattern(*_: object) -> None:
        raise AssertionError("a pattern was compiled")

    monkeypatch.setattr(re, "compile", compile_pattern)
    query = parse_query("群规 first c++ " + " ".join(f"w{n}" for n in range(90)))
    assert query is not None
    assert not query.matches("群规 first")
