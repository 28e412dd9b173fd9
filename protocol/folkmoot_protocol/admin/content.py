"""Content rules, and the operator's own words."""

from typing import Annotated, Literal

from msgspec import Meta

from ..msgids import N_
from .row import Flag, NoOptions, Noun, Options, Target, Verb

RULE = Noun("rule", N_("Content rules."))
WORD = Noun("word", N_("Words that may not be posted in any group."))

TERM = Target("WORD", N_("A term, a /pattern/ or a domain."))
POSTED_TO = N_("Only what was posted in this group.")
RULE_COLUMNS = ("set", "version", "rule", "kind", "severity", "verdict", "entries")
HIT_COLUMNS = ("group", "entries", "hits", "examples")


class Verdict(Options, frozen=True):
    """What follows where a word is met."""

    verdict: Annotated[
        Literal["refuse", "hold", "flag"], Flag(N_("What happens to a post with it."), metavar="refuse|hold|flag")
    ] = "refuse"


class ForCase(Options, frozen=True):
    """For which case posts are read. Without one they are counted."""

    case: Annotated[
        str, Meta(max_length=64), Flag(N_("Show posts; that is recorded with this case or file."), metavar="CASE")
    ] = ""


class Scope(ForCase, frozen=True):
    """Where to look; everywhere, if not said."""

    group: Annotated[str | None, Flag(POSTED_TO, metavar="CODE")] = None


LIST_RULES = Verb(
    RULE, "list", N_("List the content rules in force."), "read", NoOptions, paged=True, columns=RULE_COLUMNS
)
RELOAD_RULES = Verb(
    RULE,
    "reload",
    N_("Read the rule files again at once; if one is broken, everything stays as it was."),
    "read",
    NoOptions,
    columns=RULE_COLUMNS,
)
TRY_RULES = Verb(
    RULE,
    "test",
    N_(
        "Try a rule file on what was posted in the last days: how many posts would break it; it does "
        "not come into force."
    ),
    "read",
    ForCase,
    Target("CODE", POSTED_TO, "--group"),
    file=N_("Rule file."),
    columns=HIT_COLUMNS,
    examples=("rule test spam.toml --group 4821-9067-3350",),
)

LIST_WORDS = Verb(
    WORD, "list", N_("List the words in force."), "read", NoOptions, columns=("word", "verdict", "by", "set")
)
CREATE_WORD = Verb(
    WORD,
    "create",
    N_("Add a word for all groups, or give it another verdict; it is in force at once."),
    "edit_words",
    Verdict,
    TERM,
    reason=True,
    dry_run=True,
    examples=("word create 'snake oil' --verdict hold --reason 'case 7'",),
)
DELETE_WORD = Verb(WORD, "delete", N_("Remove a word."), "edit_words", NoOptions, TERM, reason=True, dry_run=True)
TRY_WORD = Verb(
    WORD,
    "test",
    N_("Try a word on what was posted in the last days: how many posts have it; it does not come into force."),
    "read",
    Scope,
    TERM,
    columns=HIT_COLUMNS,
    examples=(
        "word test '/free [0-9]+/' --group 4821-9067-3350",
        "word test '/free [0-9]+/' --group 4821-9067-3350 --case r-8kq3mvt2xw",
    ),
)
