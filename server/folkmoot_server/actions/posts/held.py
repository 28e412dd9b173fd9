"""The entry that a post becomes which was held, or refused, and may stand after all."""

from folkmoot_governance import GroupState, Policy, Refusal
from folkmoot_governance.emergency import check_emergency
from folkmoot_governance.group.events import Event, HeldApproved, HeldReleased
from folkmoot_governance.group.mentions import find_mentions
from folkmoot_governance.group.publish import check_let_through
from folkmoot_governance.group.state import Review
from folkmoot_governance.measure_checks import check_power
from folkmoot_governance.restrictions import Power
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Author, Entry, Role

from ...common.clock import Clock
from ...common.i18n import N_
from ...live.accounts import Accounts
from ...sealed.held_posts import HeldText, HeldTexts
from ...storage.api import Ledger
from ...storage.change_set import ChangeSet, NewEntry
from ...storage.changes import remove_held_text
from ..acting import ExtraRows
from .form import media_in

NO_TEXT = Refusal(ErrorCode.NO_SUCH_ENTRY, N_("Nothing is waiting under number {number}."))
MUTED = N_("@{user} is muted {until}: what they wrote is not posted.")


class HeldPosts:
    """Opens the texts of held posts, and posts them."""

    def __init__(self, ledger: Ledger, accounts: Accounts, clock: Clock, policy: Policy, texts: HeldTexts) -> None:
        self._policy = policy
        self._ledger = ledger
        self._accounts = accounts
        self._clock = clock
        self._texts = texts

    async def text(self, code: str, number: int) -> HeldText | None:
        """Return what a post will say that is held under a number; None where that is not kept."""
        sealed = await self._ledger.held_text(code, number)
        return self._texts.unseal(code, number, sealed) if sealed else None

    async def texts(self, code: str) -> dict[int, HeldText]:
        """Return the texts of all posts of a group that wait, by number."""
        sealed = await self._ledger.held_texts(code)
        opened = {number: self._texts.unseal(code, number, one) for number, one in sealed.items()}
        return {number: text for number, text in opened.items() if text is not None}

    async def release(self, review: Review, state: GroupState) -> ExtraRows | Refusal:
        """Return what posts a held post with the act that approves it, or why it cannot be posted."""
        code = state.code
        text, author = await self.text(code, review.number), await self._accounts.load(review.user)
        if text is None or author is None:
            return Refusal(NO_TEXT.code, NO_TEXT.text, {"number": review.number})
        now = self._clock.now_ms()
        of = {state.category, str(text.data.get("category") or state.category)}
        halts = (check_emergency(author.emergencies, Power.POST, now, code, one) for one in of)
        stopped = next(filter(None, halts), None) or check_let_through(state, text.kind, text.data, now, self._policy)
        if stopped is not None:
            return stopped
        muted = check_power(author.held, Power.POST, now)
        if muted is not None:
            until_ms = muted.detail["until_ms"]
            return Refusal(ErrorCode.MUTED, MUTED, {"user": review.user, "until_ms": until_ms, "help": "/queue"})
        name = author.name_in(code)

        def post(change_set: ChangeSet, state: GroupState, event: Event) -> None:
            if isinstance(event, HeldApproved) or (isinstance(event, HeldReleased) and not event.to_admins):
                post_held(change_set, state, event.user, name, review.number, text)

        return post


def post_held(change_set: ChangeSet, state: GroupState, user: str, name: str, number: int, text: HeldText) -> None:
    """Post what was kept under a number in its author's name, at the time of the change set's last event."""
    by = Author(user, name, state.role_of(user) or Role.MEMBER, tuple(state.tags_of(user)))
    mentions = find_mentions(text.body, state.members)
    data = {**text.data, "mentions": list(mentions)} if mentions else text.data
    entry = Entry(
        seq=0,
        ts=change_set.events[-1].at,
        kind=text.kind,
        from_=by,
        body=text.body,
        reply_to=text.reply_to,
        target=text.target,
        data=data or None,
    )
    change_set.entries = [*change_set.entries, NewEntry(entry)]
    change_set.media = media_in(data)
    change_set.rows = [*change_set.rows, remove_held_text(state.code, number)]
