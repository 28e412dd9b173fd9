"""Slash commands about content: the group's own words, and the queue of what waits for review (G10)."""

from folkmoot_governance import Refusal
from folkmoot_governance.case.state import CaseState
from folkmoot_governance.content.kinds import Action as Verdict
from folkmoot_governance.group import commands as c
from folkmoot_governance.group.state import Review
from folkmoot_protocol.errors import ErrorCode

from ..common.i18n import N_, show_instant
from ..content.group_words import word_rule
from ..content.rules_in_force import check_word
from ..content.trial import Hits
from ..sealed.held_posts import HeldText
from ..storage.api import Versions
from .arguments import plain, read_number, split_word
from .call import Call
from .cases import decide_here, open_appeals, open_reports, say_reason
from .everyone import shorten
from .help import check_reading
from .outcome import Answer, Carrying, Noted, Outcome

MAX_LISTED = 50
QUEUE_CHARS = 20_000
"""So many characters of what waits for review are shown at once, together; of each as many."""
VERDICTS = (Verdict.REFUSE, Verdict.HOLD, Verdict.FLAG)
NEEDS_NUMBER = Refusal(ErrorCode.BAD_SYNTAX, N_("Say which one: /queue {act} <number>."), {"act": "approve|deny"})
NEEDS_WORD = Refusal(ErrorCode.BAD_SYNTAX, N_("Say which word: /word {act} <word>."), {"act": "add|del|test"})


def read_queued(word: str) -> int | str:
    """Read what waits: a number, or the case number of an appeal."""
    return word.lower() if word.lower().startswith("a-") else read_number(word)


async def queue(call: Call, act: str | None, number: int | str | None, reason: str | None) -> Outcome:
    """List what waits for review, or decide on it."""
    if act is None:
        return await list_queue(call)
    if number is None:
        return NEEDS_NUMBER
    if isinstance(number, str):
        return await decide_here(call, number, act, reason)
    if act == "deny":
        return c.DenyHeld(number, reason or "")
    return await approve(call, number)


async def list_queue(call: Call) -> Outcome:
    """List what waits: held posts with their texts, flagged entries with their seqs."""
    refusal = check_reading("held", call)
    appeals = await open_appeals(call)
    if refusal and not appeals:
        return refusal
    asked = [call.say(APPEAL, one) for one in appeals]
    if refusal:
        return Answer("\n".join(asked), {"items": [], "reports": [], "appeals": appeals})
    reviews = call.room.state.reviews.values()
    waiting = [one for one in reviews if one.until_ms > call.now and not one.staff][:MAX_LISTED]
    texts = await call.app.posts.held.texts(call.room.state.code) if any(not one.seq for one in waiting) else {}
    flagged = [one.seq for one in waiting if one.seq]
    entries = await call.app.store.journal.versions(call.room.state.code, flagged) if flagged else {}
    most = QUEUE_CHARS // max(1, len(waiting))
    rows = [queue_row(one, texts.get(one.number), entries.get(one.seq), most) for one in waiting]
    lines = [call.say(queue_line(row), row) for row in rows]
    reported = [reported_item(one) for one in await open_reports(call)]
    text = N_("{case}: entry #{seq} by @{user} was reported ({reason}); the platform will answer by {due}")
    lines += [call.say(text, {**one, "reason": say_reason(call, str(one["reason"]))}) for one in reported]
    data: dict[str, object] = {"items": rows, "reports": reported, "appeals": appeals}
    return Answer("\n".join([*lines, *asked]) or call.say(N_("Nothing is waiting for review.")), data)


APPEAL = N_("{case}: @{by} appeals against {measure} by @{decider}, decision due by {due}: {text}")


def reported_item(one: CaseState) -> dict[str, object]:
    """Return a report on an entry of the group; not who made it (G12)."""
    due = {"due": show_instant(one.due_ms), "due_ms": one.due_ms}
    return {"case": one.number, "seq": one.seq, "user": one.user, "reason": one.reason, **due}


def queue_row(review: Review, text: HeldText | None, flagged: Versions | None, most: int) -> dict[str, object]:
    """Return what waits under a number, for programs, `most` characters of it: of a flagged entry all that it has
    said."""
    row: dict[str, object] = {
        "number": review.number,
        "user": review.user,
        "rule": review.rule,
        "severity": review.severity.value,
        "time": show_instant(review.ts),
        "until_ms": review.until_ms,
    }
    if not review.seq:
        held = {"body": shorten(text.body, most) if text else "–"}
        return row | held | ({"target": text.target} if text and text.target else {})
    if flagged is None:
        return row | {"seq": review.seq, "body": "–", "versions": []}
    standing = flagged.standing
    return row | {"seq": standing.seq, "body": shorten(standing.body, most), "versions": flagged.texts()}


def queue_line(row: dict[str, object]) -> str:
    """Return the msgid of a line of the queue."""
    if "seq" in row:
        return N_("{number}: entry #{seq} by @{user}, {time}, rule {rule} ({severity}), flagged: {body}")
    if "target" in row:
        return N_("{number}: @{user} about entry #{target}, {time}, rule {rule} ({severity}): {body}")
    return N_("{number}: @{user}, {time}, rule {rule} ({severity}): {body}")


async def approve(call: Call, number: int) -> Outcome:
    """Post what was held, in its author's name, or let stand what was flagged."""
    review = call.room.state.reviews.get(number)
    command = c.ApproveHeld(number)
    if review is None or review.seq or review.staff:
        return command
    posting = await call.app.posts.held.release(review, call.room.state)
    return posting if isinstance(posting, Refusal) else Carrying(command, posting)


async def word(call: Call, act: str | None, text: str | None) -> Outcome:
    """Add, take out, list or try the group's own words."""
    if act in (None, "list"):
        return list_words(call)
    if not text:
        return NEEDS_WORD
    if act == "del":
        # However it is written: that is also how it is met.
        same = (one for one in call.room.state.words if one.casefold() == text.casefold())
        return c.RemoveWord(text if text in call.room.state.words else next(same, text))
    whole = text
    verdict, text = read_verdict(text)
    refusal = check_word(text)
    if refusal:
        return refusal
    if act == "test":
        return await try_word(call, text)
    if text == whole:
        return c.AddWord(text, verdict)
    other = {"verdict": verdict.value, "word": text, "help": f"/word add refuse {whole}"}
    said = call.say(N_("Understood: {verdict} whatever contains “{word}”. If all of it is the word: {help}"), other)
    return Noted(c.AddWord(text, verdict), said, {})


def read_verdict(text: str) -> tuple[Verdict, str]:
    """Return the verdict that a line begins with, and what is left of it; refuse where it says none."""
    first, left = split_word(text)
    if left and plain(first).lower() in set(VERDICTS):
        return Verdict(plain(first).lower()), left
    return Verdict.REFUSE, text


def list_words(call: Call) -> Outcome:
    """List the group's words, for those who may remove what breaks them."""
    refusal = check_reading("words", call)
    if refusal:
        return refusal
    found = sorted(call.room.state.words.values(), key=lambda one: one.word)
    lines = [call.say("{word} [{verdict}]", {"word": one.word, "verdict": one.verdict.value}) for one in found]
    items = [{"word": one.word, "verdict": one.verdict.value, "by": one.by} for one in found]
    return Answer("\n".join(lines) or call.say(N_("None.")), {"items": items})


async def try_word(call: Call, text: str) -> Outcome:
    """Show what a word would have met in the last days, before it is armed."""
    refusal = check_reading("word_trial", call)
    if refusal:
        return refusal
    hits = await call.app.trials.replay(call.room, [word_rule(text, Verdict.REFUSE)], call.now)
    if isinstance(hits, Refusal):
        return hits
    return Answer(tell_hits(call, hits), hits.as_data())


def tell_hits(call: Call, hits: Hits) -> str:
    """Return what a trial came to, in words."""
    head = call.say(
        N_("{hits} of the last {entries} posts would break it."), {"hits": hits.count, "entries": hits.seen}
    )
    return "\n".join([head, *(f"#{seq} @{user}: {body}" for seq, user, body, _rule in hits.examples)])
