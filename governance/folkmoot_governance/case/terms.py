"""From a measure in staff's words to the command that takes it."""

from ..account_commands import (
    AccountMeasureCommand,
    CloseForOther,
    RestrictAccount,
    SetCredit,
    SuspendAccount,
)
from ..group.commands import CloseGroup, RestrictGroup, SuspendGroup, WarnGroup
from ..group.commands_base import MeasureCommand
from ..restrictions import Basis, Measure
from .state import Terms


def account_command(terms: Terms, basis: Basis) -> AccountMeasureCommand:
    """Return the command that takes a measure against an account."""
    match terms.measure:
        case Measure.SUSPEND:
            return SuspendAccount(terms.duration_ms, terms.reason, terms.replaces, basis=basis)
        case Measure.CLOSE:
            return CloseForOther(terms.reason, basis=basis)
        case Measure.CREDIT:
            return SetCredit(terms.score, terms.reason, basis=basis)
        case _:
            how = terms.measure, terms.duration_ms, terms.reason, terms.replaces, terms.scopes
            return RestrictAccount(*how, terms.entry, basis=basis)


def group_command(terms: Terms, basis: Basis) -> MeasureCommand:
    """Return the command that takes a measure against a group."""
    match terms.measure:
        case Measure.WARN:
            return WarnGroup(terms.duration_ms, terms.reason, basis=basis)
        case Measure.SUSPEND:
            return SuspendGroup(terms.duration_ms, terms.reason, terms.replaces, basis=basis)
        case Measure.CLOSE:
            return CloseGroup(terms.reason, basis=basis)
        case _:
            how = terms.measure, terms.duration_ms, terms.reason, terms.replaces
            return RestrictGroup(*how, terms.scopes, basis=basis)
