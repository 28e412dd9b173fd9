"""Administration of the operator's own words: listed, set, taken out, and tried before they are armed (G10)."""

from folkmoot_governance import Refusal
from folkmoot_governance.content.kinds import Action
from folkmoot_governance.platform_words import DropPlatformWord, PlatformWord, SetPlatformWord
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import AdminResult

from ..actions.app import App
from ..common.i18n import N_
from ..content.group_words import word_rule
from ..content.rules_in_force import check_word
from ..delivery.session import Session
from .common import NEEDS_REASON
from .content import try_on_groups

NEEDS_WORD = Refusal(ErrorCode.BAD_REQUEST, N_("Name the word."), {"field": "target"})


def item_of(word: PlatformWord) -> dict[str, object]:
    """Return a word as staff sees it."""
    return {"word": word.word, "verdict": word.verdict.value, "by": word.by, "set_ts": word.ts}


async def list_words(app: App, session: Session, request: rq.Admin) -> AdminResult:
    """List the words in force."""
    words = await app.store.ledger.platform_words()
    return AdminResult(items=tuple(map(item_of, words)))


async def create_word(app: App, session: Session, request: rq.Admin) -> AdminResult | Refusal:
    """Add a word, or give it another verdict."""
    word, verdict = request.target or "", str((request.options or {}).get("verdict", Action.REFUSE.value))
    if verdict not in set(Action):
        text = N_("Give the verdict: {choices}.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "verdict", "choices": " ".join(Action)})
    refusal = check_word(word) if word else NEEDS_WORD
    return refusal or await change(app, session, request, SetPlatformWord(word, Action(verdict), request.reason or ""))


async def delete_word(app: App, session: Session, request: rq.Admin) -> AdminResult | Refusal:
    """Take a word out."""
    command = DropPlatformWord(request.target or "", request.reason or "")
    return await change(app, session, request, command) if request.target else NEEDS_WORD


async def change(
    app: App, session: Session, request: rq.Admin, command: SetPlatformWord | DropPlatformWord
) -> AdminResult | Refusal:
    """Decide and store a change, unless it is a dry run; it holds on this app at once, on others in seconds."""
    if not request.reason:
        return NEEDS_REASON
    words = {one.word: one for one in await app.store.ledger.platform_words()}
    assert session.account is not None
    act = app.account_service.act_on_words(session.account, words, command)
    if isinstance(act, Refusal) or request.dry_run:
        return act if isinstance(act, Refusal) else AdminResult(items=(), changed=len(act.change_set.events))
    refusal = await app.account_service.wait_stored(act)
    if refusal:
        return refusal
    await app.content.load_words(app.store.ledger)
    items = [item_of(one) for one in await app.store.ledger.platform_words() if one.word == command.word]
    return AdminResult(items=tuple(items), changed=len(act.change_set.events))


async def try_word(app: App, session: Session, request: rq.Admin) -> AdminResult | Refusal:
    """Show what a word would have met in the last days."""
    refusal = check_word(request.target) if request.target else NEEDS_WORD
    group = (request.options or {}).get("group")
    if refusal:
        return refusal
    rules = (word_rule(request.target or "", Action.FLAG),)
    return await try_on_groups(app, rules, str(group) if group else None)
