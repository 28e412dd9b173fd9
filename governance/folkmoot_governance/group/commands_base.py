"""What all commands to a group have."""

from msgspec import Struct

from ..restrictions import NO_BASIS, Basis


class Command(Struct, frozen=True):
    """Base of all commands."""


class TargetedCommand(Command, frozen=True):
    """A command aimed at an account. That the account exists is for the shell to know."""

    user: str


class MeasureCommand(Command, frozen=True, kw_only=True):
    """Base of the measures of the platform."""

    basis: Basis = NO_BASIS
