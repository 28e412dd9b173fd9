"""Applications: for a public account, a badge, a licence, or more accounts than the cap allows (I7, P7, W8, W10).

What the applicant wrote and the numbers of the documents are sealed beside the ledger, as the texts of cases are.
"""

from collections.abc import Collection, Sequence

import msgspec
from msgspec.structs import replace

from folkmoot_governance import Policy, Refusal
from folkmoot_governance.case.commands import OpenApplication
from folkmoot_governance.case.events_application import Wish, WishKind
from folkmoot_governance.case.state import CaseKind, CaseState, Outcome
from folkmoot_governance.group.commands import OpenChannel
from folkmoot_governance.identity import KINDS, normalise
from folkmoot_governance.likeness import check_free_name
from folkmoot_governance.policy import meets
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import check_granted_name, check_group_name, check_user_name
from folkmoot_protocol.types import ChannelForm, Document, Identity, Role

from ...common.clock import Clock
from ...common.codes import application_number
from ...common.i18n import N_
from ...common.turns import Turns
from ...live.accounts import Account, Accounts
from ...live.pending import OVERTAKEN
from ...live.rooms import Room
from ...sealed.case_texts import CaseText, CaseTexts
from ...sealed.identities import Vault
from ...storage.api import CaseFilter, Store
from ...storage.change_set import QuotaGuard
from ..acting import join
from ..cases.govern import CaseAct, CaseService
from ..groups.govern import GroupService
from ..groups.membership import Membership

IDENTITY_DOCUMENT = "identity"
"""The kind of document whose number must be the one that the applicant is verified with (W8)."""

MAX_CHARS = 4000
MOST_DOCUMENTS = 20
MOST_LISTED = 50
TRIES = 10
"""How often it is tried to open a channel while others take a handle, or open one for the same subject."""

TAKEN = Refusal(ErrorCode.NAME_TAKEN, N_("This handle is taken."), {"field": "handle", "help": "open_channel"})
MISMATCH = Refusal(
    ErrorCode.CONFLICT,
    N_("The number on your document is not the one that you are verified with."),
    {"rule": "badge.mismatch", "field": "documents", "help": "/verify"},
)
NOT_OWNER = Refusal(
    ErrorCode.FORBIDDEN, N_("Only the owner of a channel can apply for it."), {"rule": "application.owner"}
)


class Applying:
    """Takes applications. What is asked for a channel, its owner asks."""

    def __init__(
        self,
        store: Store,
        accounts: Accounts,
        clock: Clock,
        policy: Policy,
        vault: Vault,
        groups: GroupService,
        membership: Membership,
        cases: CaseService,
        texts: CaseTexts,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._clock = clock
        self._policy = policy
        self._vault = vault
        self._groups = groups
        self._membership = membership
        self._cases = cases
        self._texts = texts
        self._turns = Turns()

    async def open(
        self,
        account: Account,
        handle: str,
        name: str,
        *,
        topic: str = "",
        category: str = "",
        text: str = "",
        documents: Sequence[Document] = (),
    ) -> tuple[Room, CaseState] | Refusal:
        """Open a public account that waits for its review, and the case of the review with it."""
        field = "handle"
        try:
            handle, field = check_user_name(handle), "name"
            name = check_group_name(name)
        except ValueError as error:
            return Refusal(ErrorCode.BAD_NAME, str(error), {"field": field})
        # As of user names: they are one set.
        if refusal := check_free_name(handle):
            return refusal
        category = category or self._membership.default_category
        wish = Wish(WishKind.CHANNEL, name, category)
        async with self._turns.of(account.user):
            for _ in range(TRIES):
                if await self._is_taken(handle):
                    return TAKEN
                code = await self._membership.free_code()
                have, limit = await self.quota_of(account)
                case = await self._ask(account, wish, code, text, documents)
                if isinstance(case, Refusal):
                    return case
                command = OpenChannel(
                    code, name, category, topic, form=ChannelForm.PUBLIC, handle=handle, have=have, limit=limit
                )
                act = await self._membership.found(command, account)
                if isinstance(act, Refusal):
                    return act
                join(act, [*act.also, case])
                act.change_set.quota_guards = [QuotaGuard(account.user, channels=limit)] if limit else []
                refusal = await self._groups.wait_stored(act)
                if refusal is None:
                    return act.room, case.state
                if refusal.code is not ErrorCode.CONFLICT:
                    return refusal
        return OVERTAKEN

    async def _is_taken(self, handle: str) -> bool:
        """Say whether somebody has a handle as user name, or a channel has it, or had."""
        account = await self._accounts.load(handle)
        return account is not None or await self._store.channels.find_channel(handle) is not None

    async def apply(
        self, account: Account, wish: Wish, room: Room | None, text: str, documents: Sequence[Document]
    ) -> CaseState | Refusal:
        """Ask for a badge, a licence, or more public accounts."""
        if wish.kind is not WishKind.QUOTA and (room is None or room.state.owner != account.user):
            return NOT_OWNER
        try:
            wish = replace(wish, name=check_granted_name(wish.name)) if wish.name else wish
        except ValueError as error:
            return Refusal(ErrorCode.BAD_NAME, str(error), {"field": "name"})
        about = room is not None and wish.kind is not WishKind.QUOTA
        # What another connection of the account applies for at the same time counts.
        async with self._turns.of(account.user):
            act = await self._ask(account, wish, room.state.code if room and about else "", text, documents)
            if isinstance(act, Refusal):
                return act
            return await self._cases.wait_stored(act) or act.state

    async def _ask(
        self, account: Account, wish: Wish, code: str, text: str, documents: Sequence[Document]
    ) -> CaseAct | Refusal:
        """Decide on opening a case; what is in memory stays as it is."""
        refusal = check_sizes(text, documents) or await self._check_identity(account, documents)
        if refusal:
            return refusal
        wanted = CaseFilter(CaseKind.APPLICATION, is_open=True, by=account.user)
        open_now = len(await self._store.ledger.list_cases(wanted, limit=MOST_LISTED))
        number = application_number()
        kinds = frozenset(one.kind for one in documents)
        subject = {"documents": msgspec.to_builtins(documents), "wish": msgspec.to_builtins(wish)}
        rows = self._texts.rows(number, CaseText(text, subject), self._clock)
        command = OpenApplication(number, wish, code, kinds, open_now)
        return self._cases.act(None, command, account.actor(), rows)

    async def _check_identity(self, account: Account, documents: Sequence[Document]) -> Refusal | None:
        """Refuse a document of identity that has another number than the vault (W8)."""
        given = [one.number for one in documents if one.kind == IDENTITY_DOCUMENT]
        if not given:
            return None
        known = {
            row.blind
            for row in await self._store.ledger.list_identities(account.user)
            if meets(Identity(row.identity), Identity.PERSON)
        }
        fits = all(self._blinds(number) & known for number in given)
        return None if fits else MISMATCH

    def _blinds(self, number: str) -> set[str]:
        return {self._vault.blind(kind, normalise(kind, number)) for kind in KINDS if kind is not Identity.MOBILE}

    async def quota_for(self, room: Room, account: Account) -> tuple[int, int]:
        """Return how many public accounts the subject behind an account has, and how many it may have, where it would
        have one more by owning this group (P7.3); else (0, 0)."""
        code, form = room.state.code, room.state.form
        if form is not ChannelForm.PUBLIC or code in await self._store.channels.subject_channels(account.user):
            return 0, 0
        return await self.quota_of(account)

    async def quota_of(self, account: Account) -> tuple[int, int]:
        """Return how many public accounts the subject behind an account has, and how many it may have; 0: any number.

        An application for more that was granted counts for each of its accounts.
        """
        await self._accounts.count_others(account)
        limit = self._policy.channels_of(account.state.identity)
        have = len(await self._store.channels.subject_channels(account.user))
        if limit and have >= limit:
            limit = max([limit, *await self._granted([account.user, *(one.user for one in account.others)])])
        return have, limit

    async def _granted(self, users: Collection[str]) -> list[int]:
        found = list[int]()
        for user in users:
            wanted = CaseFilter(CaseKind.APPLICATION, is_open=False, by=user, newest=True)
            for case in await self._store.ledger.list_cases(wanted, limit=MOST_LISTED):
                if case.outcome is Outcome.APPROVED and case.wish and case.wish.kind is WishKind.QUOTA:
                    found.append(case.wish.count)
        return found


def check_sizes(text: str, documents: Sequence[Document]) -> Refusal | None:
    """Refuse too long a text, or too many documents."""
    if len(text) > MAX_CHARS:
        said = N_("An application has at most {limit} characters; this one has {length}.")
        return Refusal(ErrorCode.TOO_LONG, said, {"limit": MAX_CHARS, "length": len(text)})
    if len(documents) > MOST_DOCUMENTS:
        said = N_("An application may have at most {limit} documents; this one has {count}.")
        detail: dict[str, object] = {"limit": MOST_DOCUMENTS, "count": len(documents), "field": "documents"}
        return Refusal(ErrorCode.BAD_REQUEST, said, detail)
    return None


def editors_of(room: Room | None) -> frozenset[str]:
    """Return who works for a channel."""
    members = room.state.members.values() if room is not None else ()
    return frozenset(one.user for one in members if one.role is not Role.MEMBER)
