"""Sending reports to the authority: the document, its signature, and the way to the authority's webhook."""

import asyncio
import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from folkmoot_governance import Refusal
from folkmoot_governance.duration import HOUR_MS, MINUTE_MS
from folkmoot_governance.filing import Filing, FilingCommand, FilingState, apply_filing, decide_filing
from folkmoot_protocol.exported import as_cell

from ...common.clock import Clock
from ...config.operator import Operator
from ...crypto.sealing import load_key
from ...live.accounts import Account
from ...sealed.identities import Vault
from ...storage.api import Ledger
from ...storage.changes import filing_row
from ..accounts.govern import AccountService
from ..webhook import FAILED, deliver, sign

FIRST_WAIT_MS = MINUTE_MS
LONGEST_WAIT_MS = 6 * HOUR_MS
PROBLEM_CHARS = 200
_ENCODE = msgspec.json.Encoder(order="deterministic").encode


class Filings:
    """Decides on filings for staff, and sends them."""

    def __init__(
        self,
        operator: Operator,
        data_dir: Path,
        clock: Clock,
        ledger: Ledger,
        vault: Vault,
        account_service: AccountService,
    ) -> None:
        self._operator = operator
        self._clock = clock
        self._ledger = ledger
        self._vault = vault
        self._account_service = account_service
        # Without a secret of the operator's there is one of this service's, in a file beside the others.
        self._key = operator.authority_secret.encode() or load_key(data_dir / "keys" / "filing.key")

    @property
    def has_address(self) -> bool:
        """Whether there is a webhook to send to."""
        return bool(self._operator.authority_url)

    async def decide(
        self, filing: Filing, command: FilingCommand, by: Account, *, dry_run: bool = False
    ) -> Filing | Refusal:
        """Carry out what staff asks for; the filing and the record of it are stored together."""
        decision = decide_filing(filing, command, by.actor(), self._clock.now_ms())
        if isinstance(decision, Refusal):
            return decision
        for event in decision:
            filing = apply_filing(filing, event)
        if dry_run:
            return filing
        act = self._account_service.record(by, decision, [filing_row(filing)])
        return await self._account_service.wait_stored(act) or filing

    async def document(self, filing: Filing) -> bytes:
        """Return what the authority reads, as JSON with its keys in order."""
        about: dict[str, Any] = {"user": filing.user} if filing.user else {"group": filing.code}
        if filing.identity:
            about["identity"] = await self._numbers(filing.user)
        return _ENCODE(
            {
                "case": filing.case,
                "measure": filing.measure,
                **({"corrects": filing.corrects} if filing.corrects else {}),
                "about": about,
                "approved_by": filing.approved_by,
                "statement": filing.statement,
            }
        )

    async def _numbers(self, user: str) -> list[dict[str, str]]:
        rows = await self._ledger.list_identities(user) if user else []
        opened = ((row.identity, self._vault.open(row)) for row in rows)
        return [{"level": level, "number": number} for level, number in opened if number]

    def sign(self, body: bytes, ts: int) -> str:
        """Return the signature of a document sent at `ts` (Unix ms): HMAC-SHA-256 over time, a full stop and body."""
        return sign(self._key, body, ts)

    async def send(self, filing: Filing) -> Filing:
        """Try to send an approved filing; return it as it is then, which is stored."""
        operator = self._operator
        body, now = await self.document(filing), self._clock.now_ms()
        try:
            answer = await asyncio.to_thread(
                deliver, operator.authority_url, body, self.sign(body, now), operator.authority_timeout_seconds
            )
        except FAILED as error:
            wait = min(LONGEST_WAIT_MS, FIRST_WAIT_MS << min(filing.tries, 16))
            problem = (str(error) or type(error).__name__)[:PROBLEM_CHARS]
            sent = replace(filing, tries=filing.tries + 1, next_ms=now + wait, problem=problem)
        else:
            sent = replace(filing, state=FilingState.SENT, tries=filing.tries + 1, sent_ts=now, problem="")
            receipt = receipt_in(answer)
            if receipt:
                sent = replace(sent, state=FilingState.RECEIVED, receipt=receipt, receipt_ts=now)
        await self._account_service.store_rows("", [filing_row(sent)])
        return sent


def receipt_in(answer: bytes) -> str:
    """Return the number that an answer gives (`{"receipt": "…"}`), empty where it gives none."""
    try:
        found = msgspec.json.decode(answer, type=dict[str, Any]).get("receipt")
    except (msgspec.DecodeError, msgspec.ValidationError):
        return ""
    return str(found)[:64] if isinstance(found, (str, int)) else ""


def as_csv(documents: Sequence[bytes]) -> str:
    """Return documents as CSV: a column for each field, those of the statement by their own names."""
    rows = []
    for document in documents:
        one = msgspec.json.decode(document, type=dict[str, Any])
        statement, about = one.pop("statement"), one.pop("about")
        rows.append({**one, **{f"about_{name}": value for name, value in about.items()}, **statement})
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        shown = {
            name: _ENCODE(value).decode() if isinstance(value, list) else as_cell(value) for name, value in row.items()
        }
        # By this the authority names it: it stays as it is, and is nobody's text.
        shown["case"] = row["case"]
        writer.writerow(shown)
    return out.getvalue()
