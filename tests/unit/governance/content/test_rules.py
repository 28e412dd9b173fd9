"""What a rule may be: bounds of a file of rules, what is a domain, how dear patterns are."""

import pytest

from folkmoot_governance.content import rules
from folkmoot_governance.content.kinds import Kind
from folkmoot_governance.content.rules import (
    MAX_PATTERN,
    MAX_SECONDS,
    MAX_STEPS,
    MAX_TIMES,
    Problem,
    Rule,
    RuleSet,
    check_entry,
    check_rules,
    check_steps,
    is_domain,
    options,
    pattern_of,
    steps_of,
)


def term(name: str = "r", entries: str = "word") -> Rule:
    return Rule(id=name, kind=Kind.TERM, entries=entries)


def problems(*rules: Rule, form: int = 1) -> list[Problem]:
    return list(check_rules(RuleSet(format=form, name="n", version="1", rules=rules)))


def test_a_later_format_is_told_with_the_one_that_is_known() -> None:
    (problem,) = problems(term(), form=2)
    assert problem.detail == {"found": 2, "known": 1}


def test_ids_stand_once_and_are_not_too_long() -> None:
    assert not problems(term("a"), term("b"), term("x" * 64))
    assert [one.detail for one in problems(term("a"), term("a"))] == [{"rule": "a"}]
    assert [one.detail for one in problems(term("x" * 65))] == [{"rule": "x" * 64}]


def test_empty_lines_and_comments_are_no_entries() -> None:
    rule = term(entries="one\n\n  \n# a comment\n#two\n three ")
    assert rule.lines() == ["one", "#two", "three"]


@pytest.mark.parametrize(
    ("times", "seconds", "fits"),
    [
        (1, 1, True),
        (MAX_TIMES, MAX_SECONDS, True),
        (0, 1, False),
        (1, 0, False),
        (MAX_TIMES + 1, 1, False),
        (1, MAX_SECONDS + 1, False),
    ],
)
def test_what_is_counted_in_time_has_bounds(times: int, seconds: int, fits: bool) -> None:
    flood = Rule(id="r", kind=Kind.FLOOD, times=times, seconds=seconds)
    assert (not problems(flood)) is fits


def test_the_bounds_are_those_that_are_told() -> None:
    (problem,) = problems(Rule(id="r", kind=Kind.FLOOD))
    assert f"1 to {MAX_TIMES}, seconds from 1 to {MAX_SECONDS}" in problem.text


def test_what_a_rule_counts_by_has_to_be_said() -> None:
    """A score without a threshold would be broken by any text."""
    for fields in ({"times": 1}, {"seconds": 1}):
        [problem] = problems(Rule(id="r", kind=Kind.FLOOD, **fields))
        assert "times goes from" in problem.text
    for fields in ({}, {"threshold": 0.0}, {"threshold": -1.0}):
        [problem] = problems(Rule(id="r", kind=Kind.SCORE, entries="1 word", **fields))
        assert (problem.detail, "threshold" in problem.text) == ({"rule": "r"}, True)
    assert not problems(Rule(id="r", kind=Kind.SCORE, entries="1 word", threshold=0.1))


def test_a_rule_of_links_may_allow_none() -> None:
    assert not problems(Rule(id="r", kind=Kind.LINK))
    assert check_entry(Kind.LINK, "example.org") is None
    assert check_entry(Kind.DOMAIN, "example.org/page") is None


def test_a_pattern_may_be_so_long_and_no_longer() -> None:
    assert check_entry(Kind.PATTERN, "x" * MAX_PATTERN) is None
    assert check_entry(Kind.PATTERN, "x" * (MAX_PATTERN + 1)) is not None
    (problem,) = problems(Rule(id="r", kind=Kind.PATTERN, entries="x" * (MAX_PATTERN + 1)))
    assert problem.detail["entry"] == "x" * 100


@pytest.mark.parametrize("entry", ["1.5 a prize", "-2 thanks", r"0.6 /\d{5}/"])
def test_a_weight_comes_before_a_text_or_a_pattern(entry: str) -> None:
    assert check_entry(Kind.SCORE, entry) is None


@pytest.mark.parametrize(("text", "pattern"), [("/a/", "a"), ("//", None), ("/", None), ("/a", None), ("a/", None)])
def test_patterns_stand_between_strokes(text: str, pattern: str | None) -> None:
    assert pattern_of(text) == pattern


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("example.org", True),
        ("a.b.example.org/page", True),
        ("例子.中国", True),
        ("org", False),
        ("example..org", False),
        (".example.org", False),
        ("example.org/a/b", False),
        ("exa mple.org", False),
        ("example.org:80", False),
        ("ann@example.org", False),
        ("a" * 249 + ".org", True),
        ("a" * 250 + ".org", False),
    ],
)
def test_what_is_a_domain(text: str, is_one: bool) -> None:
    assert is_domain(text) is is_one


def test_patterns_of_owners_are_counted_together() -> None:
    assert (steps_of("word"), steps_of("/(/")) == (0, 0)
    dear = [f"/[a-f]{{{length}}}/" for length in range(100, 400, 50)]
    fitting = [word for place, word in enumerate(dear) if sum(map(steps_of, dear[: place + 1])) <= MAX_STEPS]
    assert 1 < len(fitting) < len(dear)
    assert check_steps(fitting[:-1], fitting[-1], "/word list") is None
    assert check_steps(fitting, fitting[0], "/word list") is None, "a word counts once"
    assert check_steps(dear, "only a word", "/word list") is None
    refusal = check_steps(fitting, dear[len(fitting)], "/word list")
    assert refusal is not None
    steps = sum(map(steps_of, dear[: len(fitting) + 1]))
    assert refusal.detail == {"steps": steps, "limit": MAX_STEPS, "help": "/word list"}


@pytest.mark.parametrize(("below", "fits"), [(0, True), (1, False)])
def test_patterns_may_take_just_so_many_steps(monkeypatch: pytest.MonkeyPatch, below: int, fits: bool) -> None:
    word = "/[a-f]{9}/"
    monkeypatch.setattr(rules, "MAX_STEPS", steps_of(word) - below)
    assert (check_steps([], word, "/word list") is None) is fits


def test_patterns_are_compiled_for_strangers() -> None:
    chosen = options()
    assert (chosen.case_sensitive, chosen.log_errors, chosen.max_mem) == (False, False, 2**20)
