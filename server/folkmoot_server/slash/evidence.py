"""Slash commands by which members get proofs of what the service has on record (P16, W16)."""

import json
from typing import cast

from folkmoot_governance import Refusal
from folkmoot_governance.case.provable import may_be_given
from folkmoot_governance.case.state import CaseEvent

from ..actions.cases.appeals import NO_SUCH_MEASURE
from ..actions.cases.measures import place_of
from ..common.i18n import N_
from ..crypto.log_tree import entry_of
from ..crypto.words import words_of
from ..storage.change_set import account_stream, case_stream, group_stream
from .call import Call
from .outcome import Answer, Outcome


async def proof(call: Call, case: str) -> Outcome:
    """Give the proof that a measure against oneself, or one's own report or appeal as it stands, is in the log."""
    found = await find_own(call, case.lower())
    if found is None:
        return Refusal(NO_SUCH_MEASURE.code, NO_SUCH_MEASURE.text, {**NO_SUCH_MEASURE.detail, "case": case[:64]})
    event_log = call.app.event_log
    proven = await event_log.prove(*found)
    if isinstance(proven, Refusal):
        return proven
    event, inclusion, said = proven
    words = {name: word._asdict() for name, word in words_of(event.data).items()}
    data = {
        "case": case,
        "position": event.position,
        "proof": inclusion.text(),
        "entry": entry_of(event, inclusion.extra).decode(),
        "said": said.decode(),
        "words": words,
        "key": str(event_log.key),
    }
    text = N_(
        "It is entry {position} of the log. Keep the proof, the entry and what it stands for: they "
        "can be checked without us."
    )
    shown = [json.dumps(words, ensure_ascii=False)] if words else []
    lines = [call.say(text, data), data["proof"], data["entry"], data["said"], *shown, data["key"]]
    return Answer("\n".join(map(str, lines)), data)


async def find_own(call: Call, case: str) -> tuple[str, int] | None:
    """Return stream and version of what a case number means to the person who asks, None where it is not theirs."""
    me, stored = call.account.user, call.app.store.ledger
    place = place_of(case)
    if place is not None:
        measure = await call.app.cases.measures.find(case, me)
        if measure is None or measure.user != me:
            return None
        return group_stream(place.code) if place.code else account_stream(place.user), place.version
    state = await stored.load_case(case)
    if state is None or not (state.by == me or me in state.reporters):
        return None
    stream = case_stream(case)
    known = [one.version for one in await stored.events(stream) if may_be_given(cast(CaseEvent, one.event), me)]
    return (stream, known[-1]) if known else None
