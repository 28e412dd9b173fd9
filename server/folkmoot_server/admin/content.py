"""Administration of content rules and of the operator's own words (G10): what is in force, changing it, and trying
rules before they are armed."""

from collections.abc import Sequence

from folkmoot_governance import Refusal
from folkmoot_governance.content.kinds import Action
from folkmoot_governance.content.rules import Rule, RuleSet
from folkmoot_governance.platform_words import DropPlatformWord, PlatformWord, SetPlatformWord
from folkmoot_governance.reading import ReadTexts
from folkmoot_protocol.admin import content as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import AdminResult

from ..content.group_words import word_rule
from ..content.rule_files import RuleFileError, parse_rule_set
from ..content.rules_in_force import check_word
from .call import Call, Outcome, carries_out
from .common import record_reading, store_account_act

MAX_GROUPS = 50


def rule_items(sets: tuple[RuleSet, ...]) -> tuple[dict[str, object], ...]:
    """Return a line for each rule of some sets."""
    return tuple(
        {
            "set": one.name,
            "version": one.version,
            "rule": rule.id,
            "kind": rule.kind.value,
            "severity": rule.severity.value,
            "verdict": rule.verdict.value if rule.verdict else None,
            "entries": len(rule.lines()),
        }
        for one in sets
        for rule in one.rules
    )


@carries_out(rows.LIST_RULES)
async def list_rules(call: Call, options: NoOptions) -> Outcome:
    """List the rules in force; the text says what is wrong with a file that could not be loaded."""
    content = call.app.content
    items, problem = rule_items(content.sets), content.problem
    start = int(call.cursor) if call.cursor.isascii() and call.cursor.isdigit() else 0
    end = start + call.limit
    cursor = str(end) if end < len(items) else None
    return AdminResult(items=items[start:end], cursor=cursor, text=problem.told(call.say) if problem else None)


@carries_out(rows.RELOAD_RULES)
async def reload_rules(call: Call, options: NoOptions) -> Outcome:
    """Read the rule files again at once; with a file that cannot be used all stays as it was."""
    content = call.app.content
    try:
        await content.load()
    except RuleFileError as error:
        return refusal_of(error)
    return AdminResult(items=rule_items(content.sets))


def refusal_of(error: RuleFileError) -> Refusal:
    """Return a file that cannot be used as a refusal."""
    return Refusal(ErrorCode.BAD_REQUEST, error.text, {**error.detail, "file": error.file})


@carries_out(rows.TRY_RULES)
async def try_rules(call: Call, options: rows.ForCase) -> Outcome:
    """Try a rule file on what was posted in the last days, to one group or to the first of all: hits, not verdicts."""
    try:
        rules = parse_rule_set(call.text, "file")
    except RuleFileError as error:
        return refusal_of(error)
    return await try_on_groups(call, rules.rules, call.target, "rule", options.case.strip())


async def try_on_groups(call: Call, rules: Sequence[Rule], group: str, what: str, case: str) -> Outcome:
    """Try rules on what was posted to one group, or to the first of all where none is named: how many posts they meet,
    and for a case, which the ledger then has, who said what in some of them."""
    app = call.app
    codes = [group] if group else [row.code for row in await app.store.ledger.list_groups(limit=MAX_GROUPS)]
    items: list[dict[str, object]] = []
    for code in codes:
        room = await app.membership.find_room(code)
        if isinstance(room, Refusal):
            return room
        hits = await app.trials.replay(room, rules, app.clock.now_ms())
        if isinstance(hits, Refusal):
            return hits
        item: dict[str, object] = {"group": room.state.code, "entries": hits.seen, "hits": hits.count, "examples": []}
        if case and hits.examples:
            refusal = await record_reading(call, ReadTexts(case, what, room.state.code, len(hits.examples)))
            if refusal:
                return refusal
            names = ("seq", "user", "body", "rule")
            item["examples"] = [dict(zip(names, one, strict=True)) for one in hits.examples]
        if hits.count or group:
            items.append(item)
    return AdminResult(items=tuple(items))


def word_item(word: PlatformWord) -> dict[str, object]:
    """Return a word as staff sees it."""
    return {"word": word.word, "verdict": word.verdict.value, "by": word.by, "set_ts": word.ts}


@carries_out(rows.LIST_WORDS)
async def list_words(call: Call, options: NoOptions) -> Outcome:
    return AdminResult(items=tuple(map(word_item, await call.app.store.ledger.platform_words())))


@carries_out(rows.CREATE_WORD)
async def create_word(call: Call, options: rows.Verdict) -> Outcome:
    """Add a word, or give it another verdict."""
    command = SetPlatformWord(call.target, Action(options.verdict), call.reason)
    return check_word(call.target) or await change_words(call, command)


@carries_out(rows.DELETE_WORD)
async def delete_word(call: Call, options: NoOptions) -> Outcome:
    return await change_words(call, DropPlatformWord(call.target, call.reason))


async def change_words(call: Call, command: SetPlatformWord | DropPlatformWord) -> Outcome:
    """Decide and store a change, unless it is a dry run; it holds on this node at once, on others in seconds."""
    app = call.app
    words = {one.word: one for one in await app.store.ledger.platform_words()}
    changed = await store_account_act(call, app.account_service.act_on_words(call.account, words, command))
    if isinstance(changed, Refusal):
        return changed
    if call.dry_run:
        return AdminResult(items=(), changed=changed)
    await app.content.load_words(app.store.ledger)
    items = [word_item(one) for one in await app.store.ledger.platform_words() if one.word == command.word]
    return AdminResult(items=tuple(items), changed=changed)


@carries_out(rows.TRY_WORD)
async def try_word(call: Call, options: rows.Scope) -> Outcome:
    """Count what a word would have met in the last days."""
    refusal, rules = check_word(call.target), (word_rule(call.target, Action.FLAG),)
    return refusal or await try_on_groups(call, rules, options.group or "", "word", options.case.strip())
