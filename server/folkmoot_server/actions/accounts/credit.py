"""How a change of credit is shown to its account and to staff (G7.2)."""

from folkmoot_governance import account_case
from folkmoot_governance.account import CreditChanged

from ...common.i18n import N_, show_instant
from ...storage.change_set import Recorded

MAX_CHANGES = 20


CREDIT_CHANGES = {
    "penalty": N_("{time} · {case} · {points} → {score}: report {report} was upheld: {reason}"),
    "restored": N_("{time} · {case} · {points} → {score}: {report} was overturned on appeal: {reason}"),
    "recovered": N_("{time} · {case} · {points} → {score}: regained over time"),
    "set": N_("{time} · {case} · {points} → {score}: set by the platform: {reason}"),
}
"""How a change of credit is told, by its cause."""


def change_item(user: str, one: Recorded) -> dict[str, object]:
    """Return a change of credit as its account may see it: not who on the operator's staff decided it (G14)."""
    event = one.event
    assert isinstance(event, CreditChanged), "that was asked for"
    return {
        "case": account_case(user, one.version),
        "time": show_instant(event.at),
        "ts": event.at,
        "cause": event.cause,
        "points": f"{event.points:+d}",
        "score": event.score,
        "report": event.case,
        "reason": event.reason,
    }
