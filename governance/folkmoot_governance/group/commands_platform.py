"""What the operator's staff can ask of a group (G11.1)."""

from ..restrictions import Measure, Power
from .commands_base import Command, MeasureCommand


class WarnGroup(MeasureCommand, frozen=True):
    """Ask for something to be mended within a time: a measure of the platform (G11.1)."""

    duration_ms: int
    reason: str


class AcceptRectification(Command, frozen=True):
    """Close the warning: it is mended."""

    reason: str


class RejectRectification(Command, frozen=True):
    """Keep the warning open: it is not mended. With a duration, the time for it begins anew."""

    reason: str
    duration_ms: int | None = None


class RestrictGroup(MeasureCommand, frozen=True):
    """Take something from the group for a time: a measure of the platform (G11.1). `replaces`: another in force."""

    measure: Measure
    duration_ms: int
    reason: str
    replaces: bool = False
    scopes: tuple[Power, ...] = ()


class FreeGroup(Command, frozen=True):
    """End such a measure early."""

    measure: Measure
    reason: str


class SuspendGroup(MeasureCommand, frozen=True):
    """Stop posting and joining for a time: a measure of the platform (G11.1). `replaces`: another one in force."""

    duration_ms: int
    reason: str
    replaces: bool = False


class RestoreGroup(Command, frozen=True):
    """End a suspension early: a measure of the platform."""

    reason: str


class ReleaseHeld(Command, frozen=True):
    """Let a post pass that a rule of the operator's held; its group's own word may still hold it."""

    number: int


class RejectHeld(Command, frozen=True):
    """Turn down a post that a rule of the operator's held."""

    number: int
    reason: str


class CloseGroup(MeasureCommand, frozen=True):
    """Close the group: a measure of the platform (G11.1), for good unless an appeal succeeds."""

    reason: str
