"""Content rules as they are written: a rule set is a file of an operator, or the words of a group.

`RuleSet` and `Rule` are the format of rule files (docs/content-rules.md); `check_rules` says what is wrong with one.
What is prohibited is the operator's to say: nothing here names a word.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import re2
from msgspec import Struct

from folkmoot_protocol.errors import ErrorCode

from ..refusal import Refusal
from ..text import N_
from .fold import squeeze
from .kinds import Action, Kind, Scope, Severity

FORMAT = 1
"""The version of the format that rule files name."""

MAX_PATTERN = 1_000
"""Characters of a pattern; RE2 is linear in the text, not in the pattern."""


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule. `entries`: a line each.

    term: a word or phrase. pattern: RE2 syntax, searched in the plain text. domain: a host name, with all below it,
    or one page of it. link: domains that are allowed, no other link is. score: `<weight> <text>` or `<weight>
    /pattern/`; the rule is broken when the weights of those found add up to `threshold`. repetition: the text was
    posted `times` times before, within `seconds`, by the same member. flood: `times` posts before, within
    `seconds`, by the same member. Texts shorter than `least_chars`, folded, never count as repeated. `verdict`
    overrides what the operator has set for the severity. `category`: what breaks the rule is of this category, whatever
    the author says, and a channel needs the licence that posts of it take.
    """

    id: str
    kind: Kind
    severity: Severity = Severity.MEDIUM
    verdict: Action | None = None
    scope: Scope = Scope.EVERYONE
    entries: str = ""
    threshold: float = 0.0
    times: int = 0
    seconds: int = 0
    least_chars: int = 0
    category: str = ""

    def lines(self) -> list[str]:
        """Return the entries; empty lines and those that begin with `# ` are none."""
        found = (line.strip() for line in self.entries.splitlines())
        return [line for line in found if line and not line.startswith("# ")]


class RuleSet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of rules. `version` is the author's own name for this edition."""

    format: int
    name: str
    version: str
    origin: str = ""
    licence: str = ""
    rules: tuple[Rule, ...] = ()


class Problem(Struct, frozen=True):
    """What is wrong with a rule: a msgid and what fills it."""

    text: str
    detail: dict[str, object]


MAX_STEPS = 1000
"""Of the patterns that a group's owner, or platform staff, may add: 40 ms at worst for a post of 4,000 letters."""

TIMED = frozenset({Kind.REPETITION, Kind.FLOOD})
MAX_TIMES, MAX_SECONDS = 100, 3600
_OPTIONAL = TIMED | {Kind.LINK}


def check_rules(rules: RuleSet) -> Iterator[Problem]:
    """Yield what is wrong with a rule set; nothing when it can be compiled."""
    if rules.format != FORMAT:
        yield Problem(
            N_("format {found} is not known; this version reads {known}"), {"found": rules.format, "known": FORMAT}
        )
    seen: set[str] = set()
    for rule in rules.rules:
        if rule.id in seen or not rule.id or len(rule.id) > 64:
            yield Problem(N_("{rule}: a rule's id has 1 to 64 characters and is used once"), {"rule": rule.id[:64]})
        seen.add(rule.id)
        yield from check_rule(rule)


def check_rule(rule: Rule) -> Iterator[Problem]:
    """Yield what is wrong with one rule."""
    lines = rule.lines()
    if not lines and rule.kind not in _OPTIONAL:
        yield Problem(N_("{rule}: it has no entries"), {"rule": rule.id})
    if rule.kind in TIMED and not (1 <= rule.times <= MAX_TIMES and 1 <= rule.seconds <= MAX_SECONDS):
        yield Problem(N_("{rule}: times goes from 1 to 100, seconds from 1 to 3600"), {"rule": rule.id})
    if rule.kind is Kind.SCORE and rule.threshold <= 0:
        yield Problem(N_("{rule}: its threshold must be above 0; at 0 it is broken by any text"), {"rule": rule.id})
    for line in lines:
        problem = check_entry(rule.kind, line)
        if problem:
            yield Problem(problem, {"rule": rule.id, "entry": line[:100]})


def check_entry(kind: Kind, line: str) -> str | None:
    """Return a msgid that says why a line is no entry of a rule of this kind, None if it is one."""
    match kind:
        case Kind.TERM:
            return None if squeeze(line) else N_("{rule}: nothing is left of {entry} once it is folded")
        case Kind.PATTERN:
            return _check_pattern(line)
        case Kind.DOMAIN | Kind.LINK:
            return None if is_domain(line) else N_("{rule}: {entry} is not a domain")
        case Kind.SCORE:
            return _check_weight(line)
    return N_("{rule}: a rule of this kind has no entries")


def _check_pattern(pattern: str) -> str | None:
    if len(pattern) > MAX_PATTERN:
        return N_("{rule}: the pattern {entry}… is too long")
    try:
        found = re2.compile(pattern, options()).search("")
    except re2.error:
        return N_("{rule}: {entry} is not a pattern that RE2 understands")
    return N_("{rule}: the pattern {entry} matches everything") if found else None


def _check_weight(line: str) -> str | None:
    weight, _, text = line.partition(" ")
    try:
        float(weight)
    except ValueError:
        return N_("{rule}: {entry} does not begin with a weight")
    pattern = pattern_of(text)
    if pattern is not None:
        return _check_pattern(pattern)
    return None if squeeze(text) else N_("{rule}: nothing is left of {entry} once it is folded")


@lru_cache(10_000)
def steps_of(word: str) -> int:
    """Return the size of the program that RE2 makes of a word that is a pattern, 0 for any other.

    At worst, searching a text takes so many steps for each of its bytes, of 10 ns or so.
    """
    pattern = pattern_of(word)
    if pattern is None:
        return 0
    try:
        return int(re2.compile(pattern, options()).programsize)
    except re2.error:
        return 0


def check_steps(words: Iterable[str], word: str, help: str) -> Refusal | None:
    """Refuse a pattern that would make all patterns among `words` together too dear to search for."""
    steps = sum(map(steps_of, {*words, word}))
    if not steps_of(word) or steps <= MAX_STEPS:
        return None
    text = N_("The patterns would be {steps} steps long together; {limit} are allowed. Write simpler ones, or words.")
    return Refusal(ErrorCode.CONFLICT, text, {"steps": steps, "limit": MAX_STEPS, "help": help})


def pattern_of(text: str) -> str | None:
    """Return the pattern of a text written `/…/`, None for any other."""
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] == "/" else None


def is_domain(text: str) -> bool:
    """Say whether a text can be the name of a host, in Unicode or in punycode, or of one page of it (`host/page`)."""
    host, _, page = text.partition("/")
    labels = host.split(".")
    return len(labels) > 1 and len(text) <= 253 and all(labels) and not any(one in " :@/" for one in host + page)


def options() -> "re2.Options":
    """Return how patterns are compiled: case aside, little memory, nothing on stderr."""
    chosen = re2.Options()
    chosen.case_sensitive = False
    chosen.log_errors = False
    chosen.max_mem = 1 << 20
    return chosen
