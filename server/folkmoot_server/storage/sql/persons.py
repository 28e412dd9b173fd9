"""Whose accounts are one person's: those that were verified with one number, found by its blind index (G8.1)."""

from sqlalchemy import BindParameter, ColumnElement, Select, select, union_all

from .tables import accounts, identities

OWN, OTHER = identities.alias("own"), identities.alias("other")


def is_same(user: BindParameter[str] | ColumnElement[str]) -> tuple[ColumnElement[bool], ...]:
    """Return what holds of `OTHER.c.user` where that account is the same person's as `user`, and another one."""
    return OWN.c.user == user, OTHER.c.blind == OWN.c.blind, OTHER.c.user != OWN.c.user


def others_of(user: BindParameter[str] | ColumnElement[str]) -> Select[tuple[str]]:
    """Return the statement for the other accounts of the same person."""
    return select(OTHER.c.user).where(*is_same(user))


def shut_out(since: BindParameter[int]) -> Select[tuple[str, int]]:
    """Return the statement for (user, until_ms) of accounts whose person is suspended until `since` or later."""
    until, lasts = accounts.c.suspended_until_ms.label("until_ms"), since <= accounts.c.suspended_until_ms
    return union_all(
        select(accounts.c.user.label("user"), until).where(lasts),
        select(OWN.c.user.label("user"), until).where(OTHER.c.user == accounts.c.user, lasts, *is_same(OWN.c.user)),
    )  # type: ignore[return-value]  # a compound select is as good
