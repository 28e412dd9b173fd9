"""Slash commands about what the platform grants to channels: `/apply`, `/credentials` (P7, P8, W8)."""

from collections.abc import Sequence

from folkmoot_governance import Refusal
from folkmoot_governance.case.events_application import Wish, WishKind
from folkmoot_governance.case.state import CaseState
from folkmoot_governance.credentials import CredentialKind, Scope
from folkmoot_protocol.types import Document

from ..actions.channels.following import NOT_A_CHANNEL
from ..common.i18n import N_, show_instant
from ..live.rooms import Room
from .arguments import plain
from .call import Call
from .outcome import Answer
from .outcome import Outcome as Told

KINDS = tuple(kind.value for kind in WishKind)
HOW: dict[WishKind, str] = {
    WishKind.CHANNEL: N_("To open a public account: /apply channel <handle> <name…>; documents needed: {documents}"),
    WishKind.BADGE: N_("To ask for a badge: /apply badge <@channel> <whom it names…>; documents needed: {documents}"),
    WishKind.LICENCE: N_(
        "To ask for a licence: /apply licence <@channel> <category> publish|relay <number>; "
        "categories that need one: {known}; documents needed: {documents}"
    ),
    WishKind.QUOTA: N_("To have more public accounts: /apply quota <count> [why…]; documents needed: {documents}"),
}
DOCUMENTS = N_("Give each document as its kind, = and its number: {example}")


def read_documents(line: str) -> tuple[list[str], list[Document]]:
    """Return the words of a line, and the documents among them: `kind=number`."""
    words, documents = list[str](), list[Document]()
    for word in line.split():
        kind, sign, number = plain(word).partition("=")
        if sign and number and kind.isascii() and kind.replace("_", "a").isalnum() and len(kind) <= 32:
            documents.append(Document(kind=kind.lower(), number=number[:256]))
        else:
            words.append(word)
    return words, documents


async def apply(call: Call, what: str, line: str | None) -> Told:
    """Apply for a public account, a badge, a licence or more accounts. Without more: show what that takes."""
    kind = WishKind(what)
    words, documents = read_documents(line or "")
    case: CaseState | Refusal | None
    match kind, words:
        case (WishKind.CHANNEL, [handle, _, *_]):
            case = await _open(call, handle, " ".join(words[1:]), documents)
        case (WishKind.BADGE, [channel, _, *_]):
            case = await _ask(call, channel, Wish(kind, " ".join(words[1:])), documents)
        case (WishKind.LICENCE, [channel, category, scope, number]) if plain(scope).lower() in set(Scope):
            wish = Wish(kind, plain(number), plain(category).lower(), Scope(plain(scope).lower()))
            case = await _ask(call, channel, wish, documents)
        case (WishKind.QUOTA, [count, *why]) if plain(count).isascii() and plain(count).isdigit():
            wish = Wish(kind, count=int(plain(count)[:4]))
            case = await call.app.channels.applying.apply(call.account, wish, None, " ".join(why), documents)
        case _:
            case = None
    if isinstance(case, Refusal):
        return case
    if case is None:
        return how_to(call, kind)
    data: dict[str, object] = {"case": case.number, "kind": kind.value, "group": case.code, "due_ms": case.due_ms}
    said = N_("Your application is case {case}: you will be told the answer, which is due by {due}.")
    return Answer(call.say(said, data | {"due": show_instant(case.due_ms)}), data)


def how_to(call: Call, kind: WishKind) -> Told:
    """Show what an application takes."""
    needed, known = list(call.app.policy.documents.get(kind, ())), sorted(call.app.policy.licences)
    data: dict[str, object] = {"kind": kind.value, "documents": needed, "categories": known}
    said = {"documents": ", ".join(needed) or "–", "known": ", ".join(known) or "–"}
    lines = [call.say(HOW[kind], said)]
    if needed:
        lines.append(call.say(DOCUMENTS, {"example": f"{needed[0]}=…"}))
    return Answer("\n".join(lines), data)


async def _open(call: Call, handle: str, name: str, documents: Sequence[Document]) -> CaseState | Refusal:
    opened = await call.app.channels.applying.open(call.account, plain(handle), name, documents=documents)
    return opened if isinstance(opened, Refusal) else opened[1]


async def _ask(call: Call, channel: str, wish: Wish, documents: Sequence[Document]) -> CaseState | Refusal:
    room = await call.app.membership.find_room(plain(channel), call.session)
    if isinstance(room, Refusal):
        return room
    return await call.app.channels.applying.apply(call.account, wish, room, "", documents)


async def credentials(call: Call, channel: str | None) -> Told:
    """Show what the platform has granted to a channel: to the one that it is typed in, or one's own."""
    room: Room | Refusal | None = call.room_or_none
    if channel is not None or room is None:
        room = await call.app.membership.find_room(plain(channel or f"@{call.account.user}"), call.session)
    if isinstance(room, Refusal):
        return room
    if room.state.form is None:
        return NOT_A_CHANNEL
    items = [
        {
            "kind": one.kind.value,
            "name": one.name,
            "category": one.category,
            "scope": one.scope.value if one.scope else "",
            "until_ms": one.until_ms,
        }
        for one in room.state.granted(call.now)
    ]
    lines = [call.say(LINES[CredentialKind(str(one["kind"]))], one) for one in items]
    text = "\n".join(lines) or call.say(N_("Nothing is granted to this channel."))
    return Answer(text, {"items": items})


LINES: dict[CredentialKind, str] = {
    CredentialKind.BADGE: N_("badge: {name}, {until}"),
    CredentialKind.LICENCE: N_("licence {name} for {category} ({scope}), {until}"),
    CredentialKind.LABEL: N_("label: {name}, {until}"),
}
