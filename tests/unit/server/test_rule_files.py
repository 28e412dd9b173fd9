"""Rule files: what comes with the server is right, and what is wrong with a file is said."""

import asyncio
import json
import threading
from pathlib import Path

import pytest

from folkmoot_governance.content.fold import read
from folkmoot_governance.content.match import Matcher
from folkmoot_governance.content.rules import Action, RuleSet, Severity
from folkmoot_server.common.i18n import translator
from folkmoot_server.config.settings import ContentPolicy
from folkmoot_server.content import rules_in_force
from folkmoot_server.content.rule_files import RuleFileError, find_rule_file, load_rule_set, parse_rule_set, shipped
from folkmoot_server.content.rules_in_force import ContentRules, Loaded

SHIPPED = ("domains", "terms", "spam", "profanity", "conduct")
DATA = Path(__file__).parents[2] / "data"
ACTIONS = {Severity.LOW: Action.FLAG, Severity.MEDIUM: Action.HOLD, Severity.HIGH: Action.REFUSE}


def test_all_files_that_come_with_the_server_are_known() -> None:
    assert {path.stem for path in shipped("x").parent.glob("*.toml")} == set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_file_can_be_used_and_names_its_licence(name: str) -> None:
    rules = load_rule_set(find_rule_file(name))
    assert rules.name == name
    assert rules.licence and rules.rules
    assert Matcher(rules.rules, ACTIONS).judge(read("Good morning, see you at the meeting tomorrow.")) is None


def test_shipped_rules_meet_what_they_are_for() -> None:
    rules = [rule for name in ("domains", "terms", "spam") for rule in load_rule_set(shipped(name)).rules]
    matcher = Matcher(rules, ACTIONS)
    win = "URGENT! You have won a £2000 prize GUARANTEED. To claim call 09061701461 now, cost 150p per min."
    for text, rule in ((win, "spam-score"), ("加我，免費線下，同城炮友", "zh-solicitation")):
        verdict = matcher.judge(read(text))
        assert verdict is not None and verdict.rule == rule
    domain = next(rule for rule in rules if rule.id == "domain-phishing").lines()[0]
    verdict = matcher.judge(read(f"free gift: https://{domain}/gift"))
    assert verdict is not None and verdict.action is Action.REFUSE


NO_SPAM = (
    'New patchset: Kim; "Clean up whitespace" [extensions/Translate] (master) - https://review.example.org/r/46034',
    "03(mod) Account creation tooltips overlap 'Why create an account?' - 10https://bugs.example.org/44389  (10Isa)",
    "By default, only registered users can send private messages - Information about registering your nickname: "
    "http://irc.example.net/faq.shtml#userregistration",
    "you would pass it to the backend and call https://docs.example.com/api/payment_methods/attach to save to a "
    "customer, or call https://dev.example.com/docs/STPBackendAPIAdapter.html#attach from your app",
    "Guest359: You'll want to follow the docs at https://docs.example.com/docs/payments/checkout/subscriptions/"
    "updating#add and make sure that you read the text",
    "veryhappy, try the info in the 2nd post from this link http://www.example.com/forum/index.php?topic=106650.0",
)
"""Of the kinds that an earlier spam score held: what bots announce, and help with links and long numbers."""


def test_the_shipped_score_holds_no_ordinary_talk() -> None:
    matcher = Matcher(load_rule_set(shipped("spam")).rules, ACTIONS)
    lines = [line for path in sorted(DATA.glob("*.jsonl")) for line in path.read_text("utf-8").split("\n")]
    said = [json.loads(line) for line in lines if line]
    texts = [one["text"] for one in said if one["event"] in ("message", "action")]
    assert len(texts) > 500
    assert [text for text in (*NO_SPAM, *texts) if matcher.judge(read(text))] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("format = 1", "f.toml: it is not a rule file: Object missing required field"),
        ("not toml", "f.toml: it is not a rule file"),
        ('format = 2\nname = "x"\nversion = "1"', "f.toml: format 2 is not known; this version reads 1"),
        (
            'format = 1\nname = "x"\nversion = "1"\n[[rules]]\nid = "r"\nkind = "pattern"\nentries = "("',
            "f.toml: r: ( is not a pattern that RE2 understands",
        ),
        (
            'format = 1\nname = "x"\nversion = "1"\n[[rules]]\nid = "r"\nkind = "word"',
            "f.toml: it is not a rule file: Invalid",
        ),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(RuleFileError) as wrong:
        parse_rule_set(text, "f.toml")
    assert wrong.value.told(translator("en")).startswith(said)
    assert wrong.value.told(translator("zh-CN"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match=r"gone\.toml: it cannot be read"):
        load_rule_set(find_rule_file(str(tmp_path / "gone.toml")))


async def test_of_loads_at_the_same_time_the_last_one_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A load that began earlier and took longer took the place of what a later one had read."""
    content = ContentRules(ContentPolicy(rule_files=()))
    first_may_end, loads = threading.Event(), list[str]()

    def load(paths: object, actions: object) -> Loaded:
        number = len(loads)
        loads.append("")
        if number == 0:
            first_may_end.wait(5)
        return Loaded((RuleSet(format=1, name=str(number), version="1", licence="CC0-1.0", rules=()),), Matcher((), {}))

    monkeypatch.setattr(rules_in_force, "load", load)
    both = [asyncio.create_task(content.load()) for _ in range(2)]
    # The second one comes to its end only where it does not wait for the first; that it does wait nothing tells.
    await asyncio.wait(both, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
    first_may_end.set()
    await asyncio.gather(*both)
    assert [one.name for one in content.sets] == ["1"]
