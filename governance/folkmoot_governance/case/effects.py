"""What became of a measure whose appeal succeeded, and how that is said: never more than what is so (P15).

An appeal that succeeds makes a measure void. Whether anything changes by that depends on what the measure still does at
that time, so whoever undoes it says which `Effect` that had. One table has the sentence of each effect, another, for
each kind of measure, that of its being void and nothing more.
"""

from enum import StrEnum

from ..text import N_


class Effect(StrEnum):
    """What undoing a measure did."""

    LIFTED = "lifted"
    REOPENED = "reopened"
    RESTORED = "restored"
    INVITED = "invited"
    POSTED = "posted"
    VERIFIED = "verified"
    ASKED = "asked"
    CREDITED = "credited"
    GIVEN_BACK = "given_back"
    EARLIER = "earlier"
    VOID = "void"


DONE: dict[Effect, str] = {
    Effect.LIFTED: N_("Your appeal {case} succeeded: the measure is lifted"),
    Effect.REOPENED: N_("Your appeal {case} succeeded: the group is open again, as it was"),
    Effect.RESTORED: N_("Your appeal {case} succeeded: what was removed can be read again, as it was"),
    Effect.INVITED: N_("Your appeal {case} succeeded: the measure is void, and you are invited back"),
    Effect.POSTED: N_("Your appeal {case} succeeded: what you wrote is posted"),
    Effect.VERIFIED: N_("Your appeal {case} succeeded: your identity is verified again, as it was"),
    Effect.ASKED: N_("Your appeal {case} succeeded: the size that your group asked for is waiting for an answer again"),
    Effect.GIVEN_BACK: N_("Your appeal {case} succeeded: the account is yours again, as it was; sign in"),
    Effect.EARLIER: N_("Your appeal {case} succeeded: the measure is void; the one that it replaced is in force again"),
    Effect.CREDITED: N_("Your appeal {case} succeeded: the credit is given back"),
}
"""The sentence of each effect but `VOID`."""

_OVER = N_("Your appeal {case} succeeded: the measure is void; it was no longer in force")
_GONE = N_("Your appeal {case} succeeded: the removal is void, but what it removed is no longer kept")

_NOT_POSTED = N_("Your appeal {case} succeeded: the refusal is void, but what was refused could not be posted now")

PLAIN = N_("Your appeal {case} succeeded: the measure is void")

VOID: dict[str, str] = {
    "kicked": N_("Your appeal {case} succeeded: the measure is void, but you could not be invited back"),
    "banned": _OVER,
    "muted": _OVER,
    "warned": _OVER,
    "deleted": _GONE,
    "purged": _GONE,
    "entries_removed": _GONE,
    "text_removed": N_(
        "Your appeal {case} succeeded: the removal is void, but something else has been set in the meantime"
    ),
    "held_denied": _NOT_POSTED,
    "held_rejected": _NOT_POSTED,
    "content_refused": _NOT_POSTED,
    "post_refuted": _OVER,
    "group_warned": _OVER,
    "group_restricted": _OVER,
    "suspended": _OVER,
    "closed": N_("Your appeal {case} succeeded: the closing is void, but the group's content is gone: it stays closed"),
    "limit_denied": N_("Your appeal {case} succeeded: the refusal is void; you may ask for the size again"),
    "account_suspended": _OVER,
    "account_restricted": _OVER,
    "account_closing": N_("Your appeal {case} succeeded: the closing is void, but the account is erased"),
    "names_removed": N_("Your appeal {case} succeeded: the removal is void; later names of yours were removed as well"),
    "identity_rejected": N_("Your appeal {case} succeeded: the refusal is void; you may ask for the review again"),
    "identity_attested": N_("Your appeal {case} succeeded: the measure is void; your identity has been verified since"),
    "bad_faith": N_(
        "Your appeal {case} succeeded: the finding that you reported in bad faith is void, and does not count"
    ),
    "dismissed": N_("Your appeal {case} succeeded: the report is open again, and somebody else will decide on it"),
    "application_rejected": N_(
        "Your appeal {case} succeeded: the application is open again, and somebody else will decide on it"
    ),
    "credential_revoked": N_(
        "Your appeal {case} succeeded: the measure is void, but what was withdrawn would have ended by now"
    ),
    "credit_changed": N_("Your appeal {case} succeeded: the measure is void; there was no credit left to give back"),
}
"""The sentence of a measure of a kind (the event's name) that is void, where undoing it changed nothing else."""


_DONE = {effect.value: text for effect, text in DONE.items()}


def overturned_text(effect: str, kind: str) -> str:
    """Return the msgid that tells who appealed against a measure of a `kind` what became of it."""
    # Of a later version there may come what this one has no sentence for.
    return _DONE.get(effect) or VOID.get(kind, PLAIN)
