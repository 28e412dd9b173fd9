"""Rows that are stored as they are, without an event: tokens, profiles, read marks, sealed texts, and their removal.

Whoever is outside storage gets its row changes here or from `sql.projection`, and names no table.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeGuard

import msgspec
from msgspec.structs import asdict

from folkmoot_governance import GroupState
from folkmoot_governance.account_events import (
    AccountEvent,
    EmergencyEnded,
    EmergencyStarted,
    FeatureAssessed,
    FeatureStopped,
    PlatformWordDropped,
    PlatformWordSet,
)
from folkmoot_governance.announcement import Announcement
from folkmoot_governance.case.state import CaseEvent, CaseState
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.filing import Filing, drafted, drafted_of_report
from folkmoot_governance.group import events as e
from folkmoot_governance.media import Media, MediaState
from folkmoot_governance.personal_notices import PersonalNotice
from folkmoot_governance.restrictions import Power
from folkmoot_governance.store_acts import Part

from ..crypto.words import without
from .change_set import Asked, ChangeSet, MemberSettings, Profile, Remove, RowChange, Update, Upsert
from .rows import (
    HookRow,
    IdentityRow,
    KeptPost,
    LedgerRow,
    OpenFlag,
    RetroHit,
    RetroScan,
    SecondFactorRow,
    SignedCheckpoint,
)

_SORTED = msgspec.json.Encoder(order="deterministic").encode


def profile_row(profile: Profile) -> Upsert:
    """Return the row of a profile."""
    values = {name: getattr(profile, name) for name in ("user", "display_name", "password_hash", "language")}
    return Upsert("profiles", values)


def password_row(user: str, password_hash: str) -> Update:
    """Return the change of a password alone."""
    return Update("profiles", {"user": user, "password_hash": password_hash})


def language_row(user: str, language: str) -> Update:
    """Return the change of a language alone."""
    return Update("profiles", {"user": user, "language": language})


def token_row(token_hash: str, user: str, created_ts: int, device: str = "", region: str = "") -> Upsert:
    """Return the row of a session token, of which only the hash is kept, that is used now for the first time."""
    who = {"hash": token_hash, "user": user, "created_ts": created_ts, "seen_ts": created_ts}
    return Upsert("tokens", who | {"device": device, "region": region})


def seen_row(token_hash: str, seen_ts: int, region: str) -> Update:
    """Return that a session was in use at a time (Unix ms), unless it has ended."""
    return Update("tokens", {"hash": token_hash, "seen_ts": seen_ts, "region": region})


def revoke_token(token_hash: str) -> Remove:
    """Return the removal of one session token."""
    return Remove("tokens", {"hash": token_hash})


def revoke_tokens(user: str) -> Remove:
    """Return the removal of all session tokens of an account."""
    return Remove("tokens", {"user": user})


def revoke_other_tokens(user: str, token_hash: str) -> Remove:
    """Return the removal of all session tokens of an account but one."""
    return Remove("tokens", {"user": user, "hash": token_hash}, but="hash")


def reset_code_row(user: str, code_hash: str, until_ms: int) -> Upsert:
    """Return the row of a code with which another password is set until a time (Unix ms): one for an account."""
    return Upsert("reset_codes", {"user": user, "hash": code_hash, "until_ms": until_ms})


def remove_reset_code(user: str) -> Remove:
    """Return the removal of an account's code."""
    return Remove("reset_codes", {"user": user})


def remove_ended_reset_codes(now: int) -> Remove:
    """Return the removal of codes whose time is over at `now` (Unix ms)."""
    return Remove("reset_codes", {}, until_ms=now)


def second_factor_row(row: SecondFactorRow) -> Upsert:
    """Return the row of a second factor."""
    return Upsert("second_factors", asdict(row))


def remove_second_factor(user: str) -> Remove:
    """Return the removal of an account's second factor."""
    return Remove("second_factors", {"user": user})


def hook_row(row: HookRow) -> Upsert:
    """Return the row of a webhook that goes out."""
    return Upsert("outgoing_hooks", asdict(row))


def hook_progress(user: str, seq: int, failures: int, next_ms: int) -> Update:
    """Return how far it has been told, unless it has ended."""
    return Update("outgoing_hooks", {"user": user, "seq": seq, "failures": failures, "next_ms": next_ms})


def remove_hook(user: str) -> Remove:
    """Return its end."""
    return Remove("outgoing_hooks", {"user": user})


def ended_bot(user: str) -> list[RowChange]:
    """Return the removal of what lets a bot in, and of what is sent for it."""
    return [revoke_tokens(user), remove_hook(user)]


OWN_TABLES = (
    "profiles",
    "tokens",
    "reset_codes",
    "second_factors",
    "outgoing_hooks",
    "identities",
    "identity_requests",
    "member_settings",
    "ignored",
    "read_marks",
    "notes",
    "answers",
    "notices",
    "announcement_marks",
    "follows",
)
"""Where what is about a person alone stands by `user`: it goes when the account is closed."""


def erasure(user: str, now: int) -> list[RowChange]:
    """Return the removal of all that is about the person behind an account, and the mark that it leaves its groups."""
    erased: list[RowChange] = [Remove(table, {"user": user}) for table in OWN_TABLES]
    return [*erased, Remove("ignored", {"whom": user}), Upsert("leaving", {"user": user, "ts": now})]


def has_left(user: str) -> Remove:
    """Return the removal of that mark."""
    return Remove("leaving", {"user": user})


def read_mark_row(code: str, user: str, seq: int) -> Upsert:
    """Return the row that says up to which seq `user` has read a group."""
    return Upsert("read_marks", {"code": code, "user": user, "seq": seq})


def settings_row(code: str, user: str, settings: MemberSettings) -> Upsert:
    """Return the row of what `user` set for itself in a group."""
    who = {"code": code, "user": user}
    return Upsert(
        "member_settings", who | {"nick": settings.nick, "notify": settings.notify.value, "nick_ts": settings.nick_ts}
    )


def ignored_row(user: str, whom: str, *, is_ignored: bool) -> RowChange:
    """Return the row that says that `user` does not want to hear `whom`, or its removal."""
    row = {"user": user, "whom": whom}
    return Upsert("ignored", row) if is_ignored else Remove("ignored", row)


def platform_word_row(event: AccountEvent) -> RowChange | None:
    """Return what an event of staff changes of the platform's words, None for another event."""
    if isinstance(event, PlatformWordDropped):
        return Remove("platform_words", {"word": event.word})
    if not isinstance(event, PlatformWordSet):
        return None
    values = {"word": event.word, "verdict": event.verdict.value, "by": event.by, "ts": event.at}
    return Upsert("platform_words", values)


def filing_row(filing: Filing) -> Upsert:
    """Return the row of a report to the authority."""
    values = asdict(filing) | {"state": filing.state.value, "identity": int(filing.identity)}
    return Upsert("filings", values | {"statement": _SORTED(filing.statement).decode()})


def draft_rows(event: object, case: str, *, user: str = "", code: str = "") -> list[RowChange]:
    """Return the row of the report that a measure of the platform brings; none of another event."""
    filing = drafted(event, case, user=user, code=code)
    return [] if filing is None else [filing_row(filing)]


def finding_rows(report: CaseState, event: CaseEvent) -> list[RowChange]:
    """Return the rows of the reports that a finding of bad faith brings; none of another event."""
    return [filing_row(filing) for filing in drafted_of_report(report, event)]


def emergency_row(event: EmergencyStarted) -> Upsert:
    """Return the row of an emergency."""
    values = {name: getattr(event, name) for name in ("number", "scope", "halt", "reason", "by", "until_ms", "slow_ms")}
    return Upsert("emergencies", values | {"started_ts": event.at, "ended_ts": 0})


def ended_emergency(event: EmergencyEnded) -> Update:
    """Return the change of the row of an emergency that staff has ended."""
    return Update("emergencies", {"number": event.number, "ended_ts": event.at})


def feature_row(event: FeatureAssessed) -> Upsert:
    """Return the row of a function that was assessed."""
    values = {name: getattr(event, name) for name in ("feature", "by", "sha256", "reason")}
    return Upsert("features", values | {"ts": event.at, "stopped_ts": 0})


def stopped_feature(event: FeatureStopped) -> Update:
    """Return the change of the row of a function that rests again."""
    return Update("features", {"feature": event.feature, "stopped_ts": event.at})


def announcement_row(one: Announcement) -> Upsert:
    """Return the row of what the operator tells everybody."""
    return Upsert("announcements", asdict(one))


def announcement_mark(user: str, ts: int) -> Upsert:
    """Return the row that says that an account has been told what the operator said up to a time (Unix ms)."""
    return Upsert("announcement_marks", {"user": user, "ts": ts})


def follow_row(user: str, code: str, ts: int) -> Upsert:
    """Return the row that says that `user` follows a channel, since a time (Unix ms)."""
    return Upsert("follows", {"user": user, "code": code, "ts": ts})


def unfollow(user: str, code: str) -> Remove:
    """Return the removal of that row."""
    return Remove("follows", {"user": user, "code": code})


class Read(NamedTuple):
    """That an account has opened a channel on a day (days since 1970, UTC); `reader` is what its name was made into, in
    hexadecimal digits."""

    code: str
    day: int
    reader: str


def read_row(read: Read) -> Upsert:
    """Return the row of a read. `part`: they are removed in so many pieces."""
    return Upsert(
        "reads", {"day": read.day, "part": int(read.reader[:2], 16), "code": read.code, "reader": read.reader}
    )


def remove_reads(day: int, part: int) -> Remove:
    """Return the removal of a piece of a day's reads."""
    return Remove("reads", {"day": day, "part": part})


def note_row(state: GroupState, event: e.NoteWritten, text: str) -> Upsert:
    """Return the row of a note; the ledger has only that it was written."""
    who = {"code": state.code, "version": state.version, "user": event.user, "by": event.by}
    return Upsert("notes", who | {"ts": event.at, "text": text})


def identity_request_row(row: IdentityRow, code: str = "") -> Upsert:
    """Return the row of an identity number that waits for its check, sealed, one for each account; `code`: the hash of
    the code that is sent to it."""
    return Upsert("identity_requests", asdict(row) | {"code": code})


def remove_identity_request(user: str) -> Remove:
    """Return the removal of the number that an account has waiting."""
    return Remove("identity_requests", {"user": user})


def barred_row(entry: str, blind: str, scopes: Sequence[Power], until_ms: int, reason: str, ts: int) -> Upsert:
    """Return the row by which the blacklist knows an identity: nothing in it says whose it is."""
    values = {"entry": entry, "blind": blind, "scopes": " ".join(scopes), "reason": reason}
    return Upsert("barred_identities", values | {"ts": ts, "until_ms": until_ms})


def unbarred(entry: str) -> Remove:
    """Return the removal of an entry of the blacklist."""
    return Remove("barred_identities", {"entry": entry})


def is_unbarred(row: RowChange) -> TypeGuard[Remove]:
    """Say whether a change is such a removal."""
    return isinstance(row, Remove) and row.table == "barred_identities"


def remove_ended_bars(now: int) -> Remove:
    """Return the removal of entries of the blacklist whose time is over at `now` (Unix ms)."""
    return Remove("barred_identities", {}, until_ms=now)


def verified_rows(request: IdentityRow | None) -> list[RowChange]:
    """Return that an account is verified with the number that it had waiting; that of before at the level goes."""
    if request is None:
        return []
    values = {name: getattr(request, name) for name in IdentityRow.__struct_fields__}
    return [Upsert("identities", values), remove_identity_request(request.user)]


def numbers_given(rows: Sequence[RowChange]) -> list[tuple[str, str]]:
    """Return the level, and the blind index, of each number that rows give to a verified account."""
    given = [row.values for row in rows if isinstance(row, Upsert) and row.table == "identities"]
    return [(one["identity"], one["blind"]) for one in given]


def held_text_row(code: str, number: int, sealed: str, until_ms: int) -> Upsert:
    """Return the row of a held post's text, kept until `until_ms` (Unix ms)."""
    return Upsert("held_texts", {"code": code, "number": number, "until_ms": until_ms, "sealed": sealed})


def remove_held_text(code: str, number: int) -> Remove:
    """Return the removal of the text of a post that is held no more."""
    return Remove("held_texts", {"code": code, "number": number})


def remove_ended_held_texts(code: str, now: int) -> Remove:
    """Return the removal of a group's held texts whose time is over at `now` (Unix ms)."""
    return Remove("held_texts", {"code": code}, until_ms=now)


def case_text_row(number: str, sealed: str, until_ms: int) -> Upsert:
    """Return the row of a case's text, kept until `until_ms` (Unix ms)."""
    return Upsert("case_texts", {"number": number, "until_ms": until_ms, "sealed": sealed})


def case_note_row(number: str, version: int, by: str, kind: str, ts: int, sealed: str, until_ms: int) -> Upsert:
    """Return the row of what `by` wrote to a case by the act `version`, kept until `until_ms` (Unix ms)."""
    values = {"number": number, "version": version, "by": by, "kind": kind, "ts": ts}
    return Upsert("case_notes", values | {"sealed": sealed, "until_ms": until_ms})


def remove_ended_case_texts(number: str, now: int) -> list[RowChange]:
    """Return the removal of those texts of a case whose time is over at `now` (Unix ms)."""
    return [Remove(table, {"number": number}, until_ms=now) for table in ("case_texts", "case_notes")]


def open_flag_row(row: OpenFlag) -> Upsert:
    """Return the row of an entry that is to be flagged."""
    return Upsert("open_flags", asdict(row))


def closed_flag(code: str, user: str, nonce: str) -> Remove:
    """Return the removal of that row: the flag is on record, or never will be."""
    return Remove("open_flags", {"code": code, "user": user, "nonce": nonce})


def answer_row(asked: Asked) -> Upsert:
    """Return the row of what was asked for under a nonce, and of its answer."""
    return Upsert("answers", asdict(asked))


def remove_ended_answers(now: int) -> Remove:
    """Return the removal of answers whose time is over at `now` (Unix ms)."""
    return Remove("answers", {}, until_ms=now)


def notice_row(notice: PersonalNotice, read_ts: int = 0, until_ms: int = FOREVER_MS) -> Upsert:
    """Return the row of what an account is told; once it is read (`read_ts`) it is kept until `until_ms` (Unix ms).

    The store keeps nothing for an account that is closed.
    """
    values = {"user": notice.user, "id": notice.id, "ts": notice.at, "kind": notice.kind, "case": notice.case}
    data = msgspec.json.encode(notice.data).decode()
    more = {"code": notice.code, "data": data, "read_ts": read_ts, "until_ms": until_ms}
    return Upsert("notices", values | more)


def remove_ended_notices(now: int) -> Remove:
    """Return the removal of what was read, and whose time is over at `now` (Unix ms)."""
    return Remove("notices", {}, until_ms=now)


def log_rows(hashes: Mapping[tuple[int, int], bytes], checkpoint: SignedCheckpoint) -> list[RowChange]:
    """Return what the ledger's log has grown by, hashes by level and number, and the checkpoint over it."""
    rows: list[RowChange] = [
        Upsert("log_hashes", {"level": level, "number": number, "hash": one.hex()})
        for (level, number), one in hashes.items()
    ]
    return [*rows, Upsert("checkpoints", asdict(checkpoint))]


def erased_words_row(row: LedgerRow) -> Update:
    """Return the change that takes an event's words out of the ledger, where only what stands for them stays."""
    return Update("ledger", {"position": row.position, "data": without(row.data)})


def logged_row(part: Part, month: str, number: int, ranges: str) -> Upsert:
    """Return the row of what was taken into the log of a month, as the version `number` of its stream says."""
    return Upsert("logged_ranges", {"part": part, "month": month, "number": number, "ranges": ranges})


def forget_logged(part: Part, month: str) -> Remove:
    """Return the removal of what is kept of a month that is gone."""
    return Remove("logged_ranges", {"part": part, "month": month})


def held_row(hold: str, month: str, code: str, seq: int, sealed: str) -> Upsert:
    """Return the row of what is kept for a hold."""
    return Upsert("held", {"hold": hold, "month": month, "code": code, "seq": seq, "sealed": sealed})


def remove_held(hold: str) -> Remove:
    """Return the removal of all that is kept for a hold."""
    return Remove("held", {"hold": hold})


def kept_post_row(post: KeptPost) -> Upsert:
    """Return the row of a post that is kept beyond its month."""
    return Upsert("kept_posts", post._asdict())


def taken_out(code: str, seq: int) -> Update:
    """Return that the text of such a post is not kept any more; that it was there stays on record."""
    return Update("kept_posts", {"code": code, "seq": seq, "sealed": "", "of_code": "", "of_seq": 0})


def media_row(media: Media) -> Upsert:
    """Return the row of an upload."""
    return Upsert("media", asdict(media) | {"state": media.state.value})


def media_change(id: str, **changed: str | int) -> Update:
    """Return a change of some fields of an upload, if it is still there, and may come to its `state`: `media.MOVES`."""
    return Update("media", {"id": id, **changed})


def remove_media(media: Media) -> Remove:
    """Return the removal of an upload's row, as long as the same entry shows it, or none does."""
    return Remove("media", {"id": media.id, "seq": media.seq})


def shown_media(ids: Sequence[str], change_set: ChangeSet) -> list[RowChange]:
    """Return that the last entry of a group's change set, which has its number, shows uploads."""
    entry, code = change_set.entries[-1].entry, change_set.stream.partition(":")[2]
    place: dict[str, str | int] = {"state": MediaState.POSTED.value, "code": code, "seq": entry.seq, "ts": entry.ts}
    return [media_change(one, **place) for one in ids]


TIME_MARK = "time"
"""The latest time (Unix ms) that was noted while no clock was in doubt."""
MONTHS_MARK = "months"
"""The month, counted by `months.number_of`, in which retention last looked what is due."""
REMOVAL_MARK = "removal"
"""The month, so counted, for which an administrator has confirmed what retention would remove."""


FILINGS_MARK = "filings"
"""The position of the ledger behind which each measure of the platform has its report."""


AUDIT_MARK = "audit"
"""The position of the ledger up to which the syslog server was sent what was done."""


TRIED_MARK = "tried"
"""When (Unix ms) a commit was last tried to see whether it can be done."""


def offset_mark(boot: str) -> str:
    """Return the name of what `Clock.offset_ms` was since a machine was last started."""
    return f"offset {boot}"


def retro_scan_row(scan: RetroScan) -> Upsert:
    """Return the row of how far older entries were looked through."""
    rules, pending = (msgspec.json.encode(one).decode() for one in (scan.rules, scan.pending))
    place = {"since_ts": scan.since_ts, "code": scan.code, "before": scan.before}
    return Upsert("retro_scans", {"name": "content", "rules": rules, "pending": pending, **place})


def retro_hit_row(hit: RetroHit) -> Upsert:
    """Return the row of an older entry that a rule meets."""
    return Upsert("retro_hits", asdict(hit))


def remove_retro_hits(**which: object) -> Remove:
    """Return the removal of such rows: of an entry (`code`, `seq`), or of all that a `rule` meets."""
    return Remove("retro_hits", dict(which))


def agreement_row(version: str, sha256: str, texts: dict[str, str], since_ts: int) -> Upsert:
    """Return the row of a version of the service agreement."""
    kept = msgspec.json.encode(texts).decode()
    return Upsert("agreements", {"version": version, "sha256": sha256, "texts": kept, "since_ts": since_ts})


def mark(name: str, value: int) -> Upsert:
    """Return the row of something that the store remembers about itself."""
    return Upsert("marks", {"name": name, "value": value})


def activity_row(code: str, ts: int, seq: int, entries_per_day: int) -> Upsert:
    """Return the row of how active a group was when that was looked at, at `ts` (Unix ms), its last seq being `seq`."""
    return Upsert("activity", {"code": code, "ts": ts, "seq": seq, "entries_per_day": entries_per_day})
