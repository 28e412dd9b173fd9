"""Reports by people without an account (P10): a case under a code, looked up and, where it is dismissed, contested by
that code alone. Nothing else tells who they are."""

import hmac
import re
import secrets
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from folkmoot_governance import Actor, Policy, Refusal
from folkmoot_governance.case.decide import appeal_number
from folkmoot_governance.case.measures import report_measure_of
from folkmoot_governance.case.rules import ReporterRecord
from folkmoot_governance.case.state import PUBLIC, CaseState, Outcome
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.names import fold_user_name

from ...common.clock import Clock
from ...common.codes import lookup_code, name_of_code, random_letters
from ...live.accounts import Accounts
from ...sealed.case_texts import CaseTexts
from ...storage.api import Ledger
from ..accounts.closed import hide_closed
from .appeals import Appeals
from .reports import Reports, Subject

ONCE_LETTERS = 20

_POST = re.compile(r"(?<![^/\s])@([a-z0-9][a-z0-9_.-]{0,63})/([0-9]{1,15})(?![0-9])", re.IGNORECASE)
"""The address of a post as people give it: `@name/12`, alone or at the end of a page's."""


class Named(Struct, frozen=True):
    """What somebody without an account reports: a group's code, a user name, or where it is, in words."""

    group: str
    user: str
    place: str


class LookedUp(Struct, frozen=True):
    """A case as who reported it may see it, the appeal against its outcome where there is one, and whether there may
    be."""

    case: CaseState
    appeal: CaseState | None = None
    may_contest: bool = False


class PublicReports:
    """Opens such cases, looks them up, and opens the appeal against their outcome."""

    def __init__(
        self,
        ledger: Ledger,
        accounts: Accounts,
        clock: Clock,
        policy: Policy,
        texts: CaseTexts,
        reports: Reports,
        appeals: Appeals,
    ) -> None:
        self._ledger = ledger
        self._accounts = accounts
        self._clock = clock
        self._policy = policy
        self._texts = texts
        self._reports = reports
        self._appeals = appeals

    def new_once(self) -> str:
        """Return what a form is known by: sent twice, it is one report."""
        return random_letters(ONCE_LETTERS)

    async def open(self, named: Named, reason: str, text: str, once: str = "") -> tuple[CaseState, str] | Refusal:
        """Report something; return the case, and the code by which it is looked up: that of the form `once`, if any."""
        code = lookup_code(self._texts.draw(f"once {once}") if once else secrets.token_bytes(32))
        who, subject = Actor(PUBLIC + name_of_code(code)), await self._find_named(named)
        case = await self._reports.report(who, subject, reason, text, ReporterRecord())
        return case if isinstance(case, Refusal) else (case, code)

    async def _find_named(self, named: Named) -> Subject:
        """Return what somebody without an account names: a post of a channel, by its address, an account or a group, if
        they are there, or their words for it.

        What is not there is kept as it was named, and looks the same to who reports it.
        """
        code, name = parse_group_code(named.group) or "", fold_user_name(named.user.removeprefix("@"))
        summary = await self._ledger.group_summary(code) if code else None
        account = await self._accounts.load(name) if name else None
        shown: dict[str, Any] = {"named": msgspec.to_builtins(named)}
        post = _POST.search(named.place)
        found = await self._reports.find_post(post[1], int(post[2])) if post else None
        if found is not None:
            return Subject(found.code, found.seq, found.user, {**shown, **found.shown})
        if account is not None and not account.state.closed_ts:
            return Subject("", 0, account.user, shown)
        if summary is None or summary.state.is_pending:
            return Subject(shown=shown)
        return Subject(code, 0, summary.state.owner, {**shown, "group": code, "name": summary.state.name})

    async def look_up(self, number: str, code: str) -> LookedUp | None:
        """Return the case that was reported under a code; None where it is another code, or case."""
        name = PUBLIC + name_of_code(code)
        case = await self._find(number, name)
        if case is None:
            return None
        measure = report_measure_of(case, name)
        appeal = await self._ledger.load_case(appeal_number(measure)) if measure else None
        until = case.closed_ts + self._policy.cases.platform_appeal_ms
        may_contest = measure is not None and appeal is None and self._clock.now_ms() <= until
        spared = case.outcome is Outcome.BAD_FAITH and not case.reporters[name].bad_faith
        outcome = Outcome.DISMISSED if spared else case.outcome
        shown = replace(case, outcome=outcome, answer=await hide_closed(self._ledger, case.answer))
        return LookedUp(shown, appeal, may_contest)

    async def contest(self, number: str, code: str, text: str) -> CaseState | Refusal | None:
        """Appeal against the outcome of a case that was reported under a code; None where code or case are others."""
        name = PUBLIC + name_of_code(code)
        case = await self._find(number, name)
        return None if case is None else await self._appeals.open_as(Actor(name), case.number, text)

    async def _find(self, number: str, name: str) -> CaseState | None:
        case = await self._ledger.load_case(number.strip().lower())
        known = [user for user in case.reporters if user.startswith(PUBLIC)] if case is not None else []
        # Each is compared, whichever it is, and one where there is none: how long it takes tells nothing.
        found = [hmac.compare_digest(user, name) for user in known or [PUBLIC]]
        return case if any(found) else None
