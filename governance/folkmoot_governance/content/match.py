"""Matching: compiled rules, and what they say of a post.

This stands on the hot path, between a frame and its place in the queue (docs/message-path.md). So a text is read once,
and each kind of rule costs one pass in C over it, however many rules there are: one automaton for all terms and scored
texts (Aho-Corasick), one RE2 set for all patterns, one table for all domains. Words in disguise and links are looked at
where that pass has found a reason. `bench/content.py` prints the cost.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import ahocorasick
import re2
from msgspec import Struct

from .fold import BORDER, SKELETON, Reading, is_number, is_spaceless, read, squeeze
from .kinds import GRAVITY, STRICTNESS, Action, Kind, Scope, Severity
from .links import DISGUISED, DOTTED, find_links, host_key, host_skeleton, is_meant, parents
from .rules import TIMED, Rule, options, pattern_of
from .spelling import Spelling, Term, term_of, words_of

ANYWHERE = 8
"""Letters from which on a term is found within other words too, and cut into pieces."""

SPELLED = r"(?:^|\W)(?:\w\W+){2,}\w(?:\W|$)"
"""Fits words that are spelled out, `l i k e this`."""

UNEVEN = r"\pL[^\w\s]+\w|\w[^\w\s]+\pL|_|[@$0134578]\pL|\pL[@$0134578]|[^\x00-\x7F]"
"""Fits words that may be other words in disguise: `fr.ee`, `fr33`."""

LEAST_LENGTH = re.compile(r"\.\{([1-9]\d*),?\}")
"""Fits patterns that only ask how long a text is. RE2's automaton has a state for each length, times all other states,
so a single one of these makes a set of patterns a hundred times as slow; counting is free."""

MEMORY = 64 << 20
"""Bytes that the automaton of all patterns may take; it grows with what it meets, and starts over when it is full."""

_SPELLED, _UNEVEN, _DOTTED, _DISGUISED = range(4)
_LOOKS = (SPELLED, UNEVEN, DOTTED, DISGUISED)
"""The first patterns of every set: they say which closer looks a text needs, at no cost of their own."""


class Verdict(Struct, frozen=True, gc=False):
    """What the rule broken worst says of a post. `staff`, `own_rule`: of what is held or flagged, see `held_by`."""

    rule: str
    severity: Severity
    action: Action
    staff: bool = False
    own_rule: str = ""

    def weight(self) -> tuple[int, int]:
        """Return how strict this is; the strictest verdict counts."""
        return STRICTNESS[self.action], GRAVITY[self.severity]


class _Score(Struct):
    """A score rule: the weight of each text's number, and of each pattern's; `weights` has those of texts in order."""

    rule: int
    threshold: float
    texts: dict[int, float]
    patterns: dict[int, float]
    weights: list[float]

    def total(self, hits: Iterable[int], fits: Iterable[int]) -> float:
        """Return what the weights of the texts and patterns found add up to."""
        found = sum(map(self.weights.__getitem__, hits))
        if self.patterns:
            found += sum([self.patterns[number] for number in fits if number in self.patterns])
        return found


class Matcher:
    """Rules, ready to judge. `actions` says what follows from a severity, unless a rule says so itself.

    `memory`: bytes for the automaton of the patterns.
    """

    def __init__(self, rules: Sequence[Rule], actions: Mapping[Severity, Action], memory: int = MEMORY) -> None:
        self.rules = tuple(rules)
        self.is_timed = any(rule.kind in TIMED for rule in rules)
        self.has_categories = any(rule.category for rule in rules)
        self._verdicts = [verdict_of(rule, actions) for rule in rules]
        self._texts: dict[str, int] = {}
        self._terms: dict[int, list[Term]] = defaultdict(list)
        self._words: dict[str, list[int]] = defaultdict(list)
        self._numbers: dict[str, list[int]] = defaultdict(list)
        self._patterns = list(_LOOKS)
        self._lengths: list[int] = []
        self._pattern_rules: dict[int, list[int]] = defaultdict(list)
        self._borders: dict[int, re.Pattern[str]] = {}
        self._domains: dict[str, int] = {}
        self._paged: set[str] = set()
        self._look_alikes: dict[str, int] = {}
        self._links: list[tuple[int, frozenset[str]]] = []
        self._scores: list[_Score] = []
        for number, rule in enumerate(rules):
            _COMPILERS[rule.kind](self, number, rule)
        self._automaton = self._build_automaton()
        self._set = re2.Set.SearchSet(_set_options(memory))
        for pattern in self._patterns:
            self._set.Add(pattern)
        self._set.Compile()

    # --- compiling

    def _build_automaton(self) -> "ahocorasick.Automaton | None":
        """Return the automaton of all texts; those that terms name get the highest numbers."""
        words = {self._texts[word] for word in [*self._words, *self._numbers]}
        terms = self._terms.keys() | words
        order = sorted(self._texts.values(), key=terms.__contains__)
        new = {old: number for number, old in enumerate(order)}
        self._least_term = len(order) - len(terms)
        self._terms = {new[old]: found for old, found in self._terms.items()}
        self._word_texts = {new[old] for old in words}
        for score in self._scores:
            score.weights = [score.texts.get(old, 0.0) for old in order]
        if not self._texts:
            return None
        automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        for text, old in self._texts.items():
            automaton.add_word(text, new[old])
        automaton.make_automaton()
        return automaton

    def _text(self, text: str) -> int:
        return self._texts.setdefault(text, len(self._texts))

    def _pattern(self, pattern: str) -> int:
        """Return a pattern's number: its place in the set, or less than nothing for a length."""
        length = LEAST_LENGTH.fullmatch(pattern)
        if length:
            self._lengths = sorted({*self._lengths, int(length[1])})
            return -int(length[1])
        self._patterns.append(pattern)
        return len(self._patterns) - 1

    def _add_terms(self, number: int, rule: Rule) -> None:
        for line in rule.lines():
            reading = read(line)
            words = reading.skeleton().replace(BORDER, "").split()
            if len(reading.squeezed) >= ANYWHERE or is_spaceless(line):
                self._terms[self._text(reading.squeezed)].append(term_of(number, line))
            else:
                if len(words) == 1:
                    self._text(words[0])
                    (self._numbers if is_number(reading.plain) else self._words)[words[0]].append(number)
                self._pattern_rules[self._phrase(reading.plain.split())].append(number)

    def _phrase(self, words: Sequence[str]) -> int:
        """Return the number of the pattern for words that stand by themselves, with anything but letters between."""
        if all(map(str.isascii, words)):
            return self._pattern(r"\b" + r"[\W_]+".join(map(re2.escape, words)) + r"\b")
        # Outside ASCII, RE2 knows letters by classes a thousand steps long: it looks for a word, Python for the phrase.
        number = self._pattern(re2.escape(max(words, key=len)))
        phrase = r"[\W_]+".join(map(re.escape, words))
        self._borders[number] = re.compile(rf"(?<![^\W_]){phrase}(?![^\W_])")
        return number

    def _add_patterns(self, number: int, rule: Rule) -> None:
        for line in rule.lines():
            self._pattern_rules[self._pattern(line)].append(number)

    def _add_domains(self, number: int, rule: Rule) -> None:
        for line in rule.lines():
            key = self._host(line)
            self._domains[key] = self._stricter(number, self._domains.get(key))
            if key.isascii():
                self._look_alikes[host_skeleton(key)] = self._domains[key]

    def _host(self, line: str) -> str:
        """Return under which name a host, or a page of it, is looked up; remember that it has a page that counts."""
        key = host_key(line.lower())
        host, has_page, _ = key.partition("/")
        if has_page:
            self._paged.add(host)
        return key

    def _stricter(self, one: int, other: int | None) -> int:
        if other is None or self._verdicts[one].weight() > self._verdicts[other].weight():
            return one
        return other

    def _add_links(self, number: int, rule: Rule) -> None:
        self._links.append((number, frozenset(map(self._host, rule.lines()))))

    def _add_score(self, number: int, rule: Rule) -> None:
        score = _Score(number, rule.threshold, {}, {}, [])
        for line in rule.lines():
            weight, _, text = line.partition(" ")
            pattern = pattern_of(text)
            if pattern is None:
                score.texts[self._text(squeeze(text))] = float(weight)
            else:
                pattern_number = self._pattern(pattern)
                score.patterns[pattern_number] = score.patterns.get(pattern_number, 0.0) + float(weight)
        self._scores.append(score)

    def _add_nothing(self, number: int, rule: Rule) -> None:
        """What is judged by time is judged elsewhere: see `judge_timed`."""

    # --- judging

    def judge(self, reading: Reading, *, staff: bool = False) -> Verdict | None:
        """Return what the rules say of a text; None when it breaks none. `staff`: its author is owner or admin."""
        broken = self._broken(reading)
        return self._worst(broken, staff) if broken else None

    def categories(self, reading: Reading) -> frozenset[str]:
        """Return the categories that a text is of: those of the rules that it breaks, whatever follows from them."""
        if not self.has_categories:
            return frozenset()
        return frozenset(self.rules[number].category for number in self._broken(reading)) - {""}

    def _broken(self, reading: Reading) -> list[int]:
        """Return which rules a text breaks."""
        broken: list[int] = []
        hits, fits = self._find(reading)
        if hits and max(hits) >= self._least_term:
            terms = [hit for hit in hits if hit >= self._least_term]
            if not self._terms.keys().isdisjoint(terms):
                broken += self._judge_terms(reading)
            # Whatever way a word is written, its letters follow one another in the squeezed text.
            if (_SPELLED in fits or _UNEVEN in fits) and not self._word_texts.isdisjoint(terms):
                broken += self._judge_words(reading, _SPELLED in fits)
        for number in fits:
            border = self._borders.get(number)
            if border is None or border.search(reading.plain):
                broken += self._pattern_rules.get(number, ())
        if (self._domains or self._links) and (_DOTTED in fits or _DISGUISED in fits):
            broken += self._judge_links(reading, _DISGUISED in fits)
        for score in self._scores:
            if score.total(hits, fits) >= score.threshold:
                broken.append(score.rule)
        return broken

    def _find(self, reading: Reading) -> tuple[set[int], Sequence[int]]:
        """Return the numbers of the texts and of the patterns found."""
        hits = {number for _, number in self._automaton.iter(reading.squeezed)} if self._automaton else set()
        fits: Sequence[int] = self._set.Match(reading.plain) or ()
        if self._lengths and self._lengths[0] <= len(reading.plain):
            fits = [*fits, *(-length for length in self._lengths if length <= len(reading.plain))]
        return hits, fits

    def judge_timed(
        self, reading: Reading, earlier: Sequence[tuple[int, int]], now: int, *, staff: bool = False
    ) -> Verdict | None:
        """Return what the rules say of a post at `now` (Unix ms).

        `earlier` are the member's posts before it: when, and the hash of the squeezed text.
        """
        broken = []
        for number, rule in enumerate(self.rules):
            if rule.kind not in TIMED or len(reading.squeezed) < rule.least_chars:
                continue
            recent = [text for ts, text in earlier if ts > now - rule.seconds * 1000]
            if rule.kind is Kind.REPETITION:
                recent = [text for text in recent if text == hash(reading.squeezed)]
            if len(recent) >= rule.times:
                broken.append(number)
        return self._worst(broken, staff)

    def scores(self, reading: Reading) -> list[tuple[str, float]]:
        """Return each score rule's id with the weights that add up, for those who tune it."""
        hits, fits = self._find(reading)
        return [(self.rules[one.rule].id, one.total(hits, fits)) for one in self._scores]

    def _judge_terms(self, reading: Reading) -> set[int]:
        """Return which rules a text breaks by terms that are found within other words."""
        assert self._automaton is not None, "it has found a term"
        broken: set[int] = set()
        spelling = Spelling(reading)
        for last, hit in self._automaton.iter(reading.squeezed):
            for term in self._terms.get(hit, ()):
                if term.rule not in broken and spelling.has(term, last):
                    broken.add(term.rule)
        return broken

    def _judge_words(self, reading: Reading, spelled: bool) -> list[int]:
        broken = []
        for word in words_of(reading.plain, spelled=spelled):
            skeleton = word.translate(SKELETON).replace(BORDER, "")
            # Digits alone are no word in disguise; and who sets a rule on a number means digits.
            if skeleton in self._words and not is_number(word):
                broken += self._words[skeleton]
            if skeleton in self._numbers and any(map(str.isdigit, word)):
                broken += self._numbers[skeleton]
        return broken

    def _judge_links(self, reading: Reading, disguised: bool) -> list[int]:
        broken = []
        for link in find_links(reading, disguised=disguised):
            names = parents(link.host)
            if link.host in self._paged:
                names.append(f"{link.host}/{link.page()}")
            broken += [self._domains[name] for name in names if name in self._domains]
            if not link.host.isascii():
                looks = parents(host_skeleton(link.host))
                broken += [self._look_alikes[look] for look in looks if look in self._look_alikes]
            if self._links and is_meant(reading, link):
                broken += [number for number, allowed in self._links if allowed.isdisjoint(names)]
        return broken

    def _worst(self, broken: Iterable[int], staff: bool) -> Verdict | None:
        found = (number for number in broken if not (staff and self.rules[number].scope is Scope.MEMBERS))
        worst = max((self._verdicts[number] for number in found), key=Verdict.weight, default=None)
        return None if worst is None or worst.action is Action.ALLOW else worst


_COMPILERS = {
    Kind.TERM: Matcher._add_terms,
    Kind.PATTERN: Matcher._add_patterns,
    Kind.DOMAIN: Matcher._add_domains,
    Kind.LINK: Matcher._add_links,
    Kind.SCORE: Matcher._add_score,
    Kind.REPETITION: Matcher._add_nothing,
    Kind.FLOOD: Matcher._add_nothing,
}


def verdict_of(rule: Rule, actions: Mapping[Severity, Action]) -> Verdict:
    """Return what is said of a post that breaks a rule."""
    return Verdict(rule.id, rule.severity, rule.verdict or actions[rule.severity])


def stricter(one: Verdict | None, other: Verdict | None) -> Verdict | None:
    """Return the stricter of two verdicts."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=Verdict.weight)


def held_by(operator: Verdict | None, own: Verdict | None) -> Verdict | None:
    """Return the stricter of what the operator's rules and a group's own words say; where it is that the post is held,
    or flagged, with who looks at it: the operator's staff where a rule of the operator's says so, the group's admins
    where a word of the group's does, and both, the staff first, where both do."""
    verdict = stricter(operator, own)
    if verdict is None or operator is None or verdict.action not in LOOKED_AT or operator.action is not verdict.action:
        return verdict
    own_rule = own.rule if own is not None and own.action is verdict.action else ""
    return Verdict(operator.rule, operator.severity, verdict.action, True, own_rule)


LOOKED_AT = (Action.HOLD, Action.FLAG)


def _set_options(memory: int) -> "re2.Options":
    chosen = options()
    chosen.max_mem = memory
    return chosen
