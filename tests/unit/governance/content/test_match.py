"""What rules say of posts."""

from collections.abc import Callable, Sequence

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_governance.content.fold import read
from folkmoot_governance.content.match import Matcher, Verdict, stricter
from folkmoot_governance.content.rules import Action, Kind, Rule, RuleSet, Scope, Severity, check_rules
from folkmoot_governance.content.spelling import spelled_words

ACTIONS = {Severity.LOW: Action.FLAG, Severity.MEDIUM: Action.HOLD, Severity.HIGH: Action.REFUSE}


def rule(kind: Kind, *entries: str, **more: object) -> Rule:
    return Rule(**{"id": "r", "kind": kind, "entries": "\n".join(entries), **more})  # type: ignore[arg-type]


def judge(rules: Rule | Sequence[Rule], text: str, *, staff: bool = False) -> Verdict | None:
    found = [rules] if isinstance(rules, Rule) else rules
    return Matcher(found, ACTIONS).judge(read(text), staff=staff)


def is_broken(rules: Rule, text: str) -> bool:
    return judge(rules, text) is not None


TERMS = rule(Kind.TERM, "viagra", "free money now", "ass", "hot ic", "免费领取", "约p", "бот", "# a comment")


@pytest.mark.parametrize(
    "text",
    [
        "buy viagra",
        "VIAGRA!",
        "v.i.a.g.r.a",
        "v i a g r a",
        "via\u200bgra",
        "ｖｉａｇｒａ",
        "vi@gr4",
        "vіаgrа",
        "via-gra",
        "get free money now!",
        "freemoneynow",
        "fr33 m0ney n0w",
        "f r e e m o n e y n o w",
        "kiss my ass",
        "a.s.s",
        "you a$$",
        "you/a$$",
        "a s s",
        "Hot... IC!",
        "免費領取",
        "免 费 领 取",
        "免*费*领*取",
        "附近约P吗",
        "это бот",
        "это б0т",
    ],
)
def test_terms_are_found_in_any_dress(text: str) -> None:
    assert is_broken(TERMS, text)


@pytest.mark.parametrize(
    "text", ["a class of its own", "assess", "shot ice", "работа", "money", "", "免费", "a comment"]
)
def test_short_terms_are_whole_words(text: str) -> None:
    assert not is_broken(TERMS, text)


def test_a_term_of_eight_letters_is_found_within_words_and_a_shorter_one_is_not() -> None:
    assert is_broken(rule(Kind.TERM, "eightlet"), "xeightletx")
    assert not is_broken(rule(Kind.TERM, "sevenle"), "xsevenlex")


ACROSS = rule(
    Kind.TERM,
    "therapist",
    "assholes",
    "date rape",
    "ass",
    "tit",
    "日你",
    "草泥马",
    "免费领取",
    "扫码 加群",
    "1488",
    "shit",
    "xxx",
)


@pytest.mark.parametrize(
    "text",
    [
        "the rapist",
        "glass holes",
        "glass-holes",
        "class/holes",
        "update rape seed",
        "it's 455 euros",
        "7 1 7",
        "7-1-7 and $455",
        "call 455.7.1.7 x",
        "日，你",
        "日,你",
        "今日！你好",
        "日\n你",
        "今日\r\n你好",
        "日。你",
        "日…你",
        "生日——你的",
        "今日 你好",
        "可免费，领取",
        "扫码。加群",
        "iabb",
        "for<A>(&ss)",
        "x=$(hit)",
        "linux-headers-x.x.x=",
        "love x x x",
        "i-abb",
        "lass-holes",
        "the\nrapist",
        "今日 你",
        "日 你好",
        "可免费，领*取",
        "bathe rap ist",
        "the rap isty",
        "glas s h o les",
    ],
)
def test_words_are_not_found_across_words_and_sentences(text: str) -> None:
    assert not is_broken(ACROSS, text)


@pytest.mark.parametrize(
    "text",
    [
        "therapist",
        "the.rapist",
        "xxtherapistxx",
        "t h e r a p i s t",
        "t h e\nr a p i s t",
        "bestt.h.e.r.a.p.i.s.t",
        "the rap ist",
        "th3 r4p ist",
        "a date-rape",
        "a date rape",
        "bestthe.rap.ist",
        "bestt h e r a p i s t",
        "快the.rapist",
        "今日★你好",
        "date rapes",
        "a55",
        "4ss",
        "(a$$)",
        "$hit",
        "s(h)it",
        "x.x.x",
        "a 5 5",
        "t 1 7",
        "日你",
        "生日你",
        "日你吧",
        "日.你",
        "日★你",
        "日、你",
        "日 你",
        "日\u200b你",
        "草 泥 马",
        "我草 泥 马上",
        "草，泥，马",
        "免，费，领，取",
        "免费 领取",
        "可免费 领取吧",
        "扫码加群",
        "扫★码 加群",
        "1488",
        "1-4-8-8",
        "1 4 8 8",
        "14BB",
    ],
)
def test_what_is_disguised_or_within_a_word_is_found(text: str) -> None:
    assert is_broken(ACROSS, text)


@pytest.mark.parametrize("text", ["13800138000", "138 0013 8000", "138-0013-8000", "t3l13800138000", "13800138000t3l"])
def test_a_number_is_found_however_its_digits_are_grouped(text: str) -> None:
    assert is_broken(rule(Kind.TERM, "13800138000"), text)


@pytest.mark.parametrize(
    ("term", "text"),
    [("x bestdeal", "an x bestdeal"), ("加 群", "快加 群吧"), ("да free", "ну да, free!"), ("да free", "да-free")],
)
def test_a_term_of_two_words_may_begin_with_a_letter_and_mix_scripts(term: str, text: str) -> None:
    assert is_broken(rule(Kind.TERM, term), text)


def test_a_short_word_is_no_other_by_i_and_l_alone() -> None:
    ill = rule(Kind.TERM, "ill")
    assert is_broken(ill, "i.1.l") and not is_broken(ill, "Henry III")


def test_patterns_are_searched_whatever_case_they_are_written_in() -> None:
    assert is_broken(rule(Kind.PATTERN, "CALL me"), "Call ME")


def test_patterns_take_no_more_memory_than_they_are_given() -> None:
    assert Matcher([PATTERNS], ACTIONS, memory=1 << 20).judge(read("call 0900"))
    with pytest.raises(re2.error):
        Matcher([PATTERNS], ACTIONS, memory=1 << 12)


def test_a_long_number_is_no_word() -> None:
    assert is_broken(rule(Kind.TERM, "beetosss"), "833705s5") and not is_broken(rule(Kind.TERM, "beetosss"), "83370555")


DISGUISES_OF_A_TERM = [
    lambda word, sign: sign.join(word),
    lambda word, sign: "".join(one + (sign if at % 2 else "") for at, one in enumerate(word)),
    lambda word, sign: word[:3] + sign + word[3:6] + sign + word[6:],
]


@given(st.sampled_from(DISGUISES_OF_A_TERM), st.sampled_from(".-_*·~|★✨、\u200b\u0336 "))
def test_every_sign_between_letters_is_seen_through(disguise: Callable[[str, str], str], sign: str) -> None:
    for term, around in (("freemoneynow", "get {} here"), ("免费领取优惠券", "快来{}吧")):
        assert is_broken(rule(Kind.TERM, term), around.format(disguise(term, sign))), disguise(term, sign)


def test_scored_texts_do_not_count_as_terms() -> None:
    rules = [rule(Kind.SCORE, "1 anything", "1 whatever", id="score", threshold=9.0), rule(Kind.TERM, "wordword")]
    assert judge(rules, "anything whatever") is None
    found = judge(rules, "anything wordword whatever")
    assert found is not None and found.rule == "r"


@pytest.mark.parametrize("turned", [False, True])
def test_terms_are_found_beside_scored_texts_whichever_come_first(turned: bool) -> None:
    rules = [
        rule(Kind.TERM, "wordword", "short", id="term"),
        rule(Kind.SCORE, "1 anything", "1 whatever", "1 short", id="score", threshold=9.0),
    ]
    for text in ("wordword", "anything whatever wordword", "s.h.o.r.t"):
        found = judge(rules[::-1] if turned else rules, text)
        assert found is not None and found.rule == "term", text
    assert judge(rules[::-1] if turned else rules, "anything whatever") is None


def test_a_term_that_is_found_weighs_nothing_in_a_score_that_does_not_name_it() -> None:
    rules = [rule(Kind.TERM, "wordword"), rule(Kind.SCORE, "1 anything", id="score", threshold=9.0)]
    assert Matcher(rules, ACTIONS).scores(read("wordword anything")) == [("score", 1.0)]


def test_letters_apart_are_a_word_from_three_on() -> None:
    assert list(spelled_words(["a", "b", "c", "dd", "e", "f", "gg", "h", "i", "j", "k"])) == ["abc", "hijk"]


PATTERNS = rule(Kind.PATTERN, r"\bcall \d{4,}", r"加\s*(?:微|v)信", r"^first")


def test_patterns_meet_the_plain_text() -> None:
    for text in ("Call 0900", "ＣＡＬＬ ０９００", "ca\u200bll 0900", "加 微信", "加V信", "First!"):
        assert is_broken(PATTERNS, text), text
    for text in ("recall 0900", "call me", "加信", "at first"):
        assert not is_broken(PATTERNS, text), text


DOMAINS = rule(Kind.DOMAIN, "bad.example", "xn--steamcommunty-ncb.com", "discörd.com", "short.example/abc")


@pytest.mark.parametrize(
    "text",
    [
        "bad.example",
        "https://bad.example/path?x=1",
        "see (www.bad.example).",
        "HTTP://BAD.EXAMPLE",
        "a.b.bad.example/x",
        "user:pass@bad.example",
        "https://user@bad.example",
        "bad[.]example",
        "bad (dot) example",
        "bad . example",
        "bad。example",
        "bаd.example",
        "b\u200bad.example",
        "ｂａｄ．ｅｘａｍｐｌｅ",
        "bad.example:8080",
        "discörd.com",
        "xn--discrd-zxa.com",
        "short.example/abc?x",
        "看bad.example吧",
        "好，bad.example，快",
        "bad·example",
        "good.example,bad.example",
        "bad.example/@me",
    ],
)
def test_domains_are_found(text: str) -> None:
    assert is_broken(DOMAINS, text)


@pytest.mark.parametrize(
    "text", ["notbad.example", "bad.example.org", "discord.com", "bad", "example", "short.example/abd", "a.b", "...."]
)
def test_other_domains_are_not(text: str) -> None:
    assert not is_broken(DOMAINS, text)


def test_one_page_may_be_allowed() -> None:
    links = rule(Kind.LINK, "example.org/docs")
    assert is_broken(links, "https://example.org/blog") and is_broken(links, "https://example.org")
    assert not is_broken(links, "see https://example.org/docs/x?y") and not is_broken(links, "EXAMPLE.org/docs#a")


def test_links_but_those_allowed() -> None:
    links = rule(Kind.LINK, "example.org")
    assert (
        is_broken(links, "look: https://example.com")
        and is_broken(links, "www.example.com")
        and is_broken(links, "t.me/x")
    )
    assert not is_broken(links, "https://docs.example.org/x")
    assert not is_broken(links, "see README.md, e.g. node.js") and not is_broken(links, "nothing")


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("да нет", True),
        ("Да, нет!", True),
        ("ну да\nнет же", True),
        ("да - слово - нет", False),
        ("дада нет", False),
        ("да нетто", False),
        ("нет да", False),
        ("7да нет", False),
    ],
)
def test_short_words_of_other_scripts_stand_by_themselves(text: str, broken: bool) -> None:
    assert is_broken(rule(Kind.TERM, "да нет"), text) == broken


def test_scores_add_up_each_text_once() -> None:
    score = rule(Kind.SCORE, "1.5 prize", "1.0 call now", r"0.6 /\d{5}/", "-2 thanks", threshold=3.0)
    assert is_broken(score, "PRIZE! call-now 55555")
    assert not is_broken(score, "prize prize prize call now")
    assert not is_broken(score, "prize call now 55555 thanks")
    assert is_broken(rule(Kind.SCORE, "1 prize", "2 call now", threshold=3.0), "prize call now")
    [(_, total)] = Matcher([score], ACTIONS).scores(read("pr1ze 55555"))
    assert total == pytest.approx(2.1)


def test_how_long_a_text_is() -> None:
    """Patterns that ask for a length alone are counted, not searched; each counts as any other pattern does."""
    lengths = rule(Kind.PATTERN, ".{5}", ".{7,}")
    assert is_broken(lengths, "ab de") and not is_broken(lengths, "ab d") and not is_broken(lengths, "ab\u200bcd")
    score = rule(Kind.SCORE, "1 /.{5}/", "0.5 /.{5}/", "0.25 /.{7,}/", r"2 /e\d/", threshold=3.0)
    [(_, total)] = Matcher([score, lengths], ACTIONS).scores(read("abcde1"))
    assert total == pytest.approx(3.5)
    [(_, total)] = Matcher([score], ACTIONS).scores(read("abcdefg"))
    assert total == pytest.approx(1.75)


@given(st.text(st.sampled_from("ab d\n\t\u200b免e\u0301ﬀ"), max_size=30), st.integers(1, 12))
def test_lengths_are_what_re2_says(text: str, least: int) -> None:
    plain = read(text).plain
    searched = re2.compile(f"(?:.{{{least}}})").search(plain) is not None
    assert is_broken(rule(Kind.PATTERN, f".{{{least}}}"), text) == searched


def test_the_strictest_verdict_counts() -> None:
    rules = [
        rule(Kind.TERM, "one", "two", id="low", severity=Severity.LOW),
        rule(Kind.TERM, "two", id="high", severity=Severity.HIGH),
        rule(Kind.TERM, "two", id="medium"),
        rule(Kind.TERM, "three", id="dry", severity=Severity.HIGH, verdict=Action.ALLOW),
    ]
    assert judge(rules, "one") == Verdict("low", Severity.LOW, Action.FLAG)
    assert judge(rules, "one two") == Verdict("high", Severity.HIGH, Action.REFUSE)
    assert judge(rules, "three") is None
    assert stricter(None, None) is None


def test_the_stricter_of_two_verdicts_counts_whichever_comes_first() -> None:
    low, high = Verdict("a", Severity.LOW, Action.FLAG), Verdict("b", Severity.HIGH, Action.REFUSE)
    assert stricter(low, None) is stricter(None, low) is low
    assert stricter(low, high) is stricter(high, low) is high
    # What is done counts before how bad it is; between two that do the same, the graver one.
    mild, grave = Verdict("c", Severity.LOW, Action.REFUSE), Verdict("d", Severity.HIGH, Action.FLAG)
    assert stricter(mild, grave) is stricter(grave, mild) is mild
    assert stricter(mild, high) is stricter(high, mild) is high


@pytest.mark.parametrize("turned", [False, True])
def test_of_rules_that_name_one_domain_the_strictest_counts(turned: bool) -> None:
    rules = [
        rule(Kind.DOMAIN, "bad.example", id="low", severity=Severity.LOW),
        rule(Kind.DOMAIN, "bad.example", id="high", severity=Severity.HIGH),
    ]
    found = judge(rules[::-1] if turned else rules, "see bad.example")
    assert found is not None and found.rule == "high"


def test_of_rules_of_one_weight_the_first_counts() -> None:
    found = judge([rule(Kind.DOMAIN, "bad.example", id=name) for name in ("one", "two")], "bad.example")
    assert found is not None and found.rule == "one"


def test_scope_leaves_out_owner_and_admins() -> None:
    members = rule(Kind.TERM, "word", scope=Scope.MEMBERS)
    assert judge(members, "word") is not None
    assert judge(members, "word", staff=True) is None
    assert judge([members, rule(Kind.TERM, "word", id="all")], "word", staff=True) is not None
    flood = rule(Kind.FLOOD, scope=Scope.MEMBERS, times=1, seconds=1)
    matcher = Matcher([members, flood], ACTIONS)
    assert matcher.judge(read("word")), "who is not said to be staff is a member"
    assert matcher.judge_timed(read("word"), [(1, 0)], 2)
    assert not matcher.judge_timed(read("word"), [(1, 0)], 2, staff=True)


def test_repetition_and_flood() -> None:
    rules = [
        rule(Kind.REPETITION, id="again", times=2, seconds=10, least_chars=4),
        rule(Kind.FLOOD, id="flood", times=4, seconds=10),
    ]
    matcher = Matcher(rules, ACTIONS)
    assert matcher.is_timed
    now = 100_000

    def verdict(text: str, *earlier: tuple[int, str]) -> str | None:
        hashed = [(ts, hash(squeezed)) for ts, squeezed in earlier]
        found = matcher.judge_timed(read(text), hashed, now)
        return found and found.rule

    assert verdict("Same text!", (now - 1, "sametext"), (now - 2, "sametext")) == "again"
    assert verdict("Same text!", (now - 1, "sametext"), (now - 10_000, "sametext")) is None
    assert verdict("Same text!", (now - 1, "sametext"), (now - 2, "othertext")) is None
    assert verdict("four", (now - 1, "four"), (now - 2, "four")) == "again"
    assert not Matcher([TERMS], ACTIONS).is_timed and Matcher([TERMS, rules[0]], ACTIONS).is_timed
    assert verdict("ok", (now - 1, "ok"), (now - 2, "ok")) is None
    assert verdict("x", *((now - number, str(number)) for number in range(4))) == "flood"


def test_only_rules_on_time_look_at_earlier_posts() -> None:
    matcher = Matcher([TERMS, rule(Kind.REPETITION, id="again", times=1, seconds=10)], ACTIONS)
    assert matcher.judge_timed(read("viagra"), [], 100_000) is None
    # Nothing is left of it once it is folded, which is not shorter than a rule asks that asks for no length.
    found = matcher.judge_timed(read("!!!"), [(99_999, hash(""))], 100_000)
    assert found is not None and found.rule == "again"


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (rule(Kind.PATTERN, "("), "RE2"),
        (rule(Kind.PATTERN, "a*"), "everything"),
        (rule(Kind.PATTERN, "x" * 1001), "long"),
        (rule(Kind.TERM, "..."), "folded"),
        (rule(Kind.TERM), "no entries"),
        (rule(Kind.DOMAIN, "localhost"), "domain"),
        (rule(Kind.SCORE, "much word", threshold=1.0), "weight"),
        (rule(Kind.SCORE, "1 /(/", threshold=1.0), "RE2"),
        (rule(Kind.SCORE, "1 ...", threshold=1.0), "folded"),
        (rule(Kind.FLOOD), "times"),
        (rule(Kind.FLOOD, "x", times=1, seconds=1), "has no entries"),
        (rule(Kind.TERM, "x", id=""), "id"),
    ],
)
def test_what_is_wrong_is_said(wrong: Rule, expected: str) -> None:
    problems = list(check_rules(RuleSet(format=1, name="n", version="1", rules=(wrong,))))
    assert len(problems) == 1
    assert expected in problems[0].text
    assert problems[0].text.format_map(problems[0].detail)


def test_a_rule_set_that_is_right() -> None:
    assert not list(check_rules(RuleSet(format=1, name="n", version="1", rules=(TERMS,))))
    assert list(check_rules(RuleSet(format=2, name="n", version="1", rules=(TERMS, TERMS))))


def test_no_rules_say_nothing() -> None:
    assert judge((), "anything at all, even bad.example") is None
