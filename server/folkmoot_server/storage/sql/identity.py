"""Numbers that show who somebody is, sealed (`sealed.identities.Vault`), who asks for a review, who leaves: see
`api.Ledger`."""

from sqlalchemy import Connection, select, union

from ..api import IdentityRow
from .tables import accounts, identities, invitations, join_requests, leaving, members


def list_identities(main: Connection, user: str) -> list[IdentityRow]:
    """Return what an account has given, by level."""
    query = select(identities).where(identities.c.user == user).order_by(identities.c.identity)
    return [IdentityRow(row.user, row.identity, row.sealed, row.blind, row.ts) for row in main.execute(query)]


def same_identity(main: Connection, blind: str, limit: int) -> list[str]:
    """Return the accounts that have given the same number, by name."""
    query = select(identities.c.user).where(identities.c.blind == blind).order_by(identities.c.user).limit(limit)
    return list(main.execute(query).scalars())


def list_asking(main: Connection, after: str, limit: int) -> list[tuple[str, str, int]]:
    """Return (user, level asked for, since when) of accounts that wait for a review, by name."""
    query = select(accounts.c.user, accounts.c.asked, accounts.c.asked_ts)
    waiting = query.where(accounts.c.asked_ts > 0, accounts.c.user > after).order_by(accounts.c.user).limit(limit)
    return [(row[0], row[1], row[2]) for row in main.execute(waiting)]


def list_leaving(main: Connection, after: str, limit: int) -> list[str]:
    """Return closed accounts that may still be in groups, by name."""
    query = select(leaving.c.user).where(leaving.c.user > after).order_by(leaving.c.user).limit(limit)
    return list(main.execute(query).scalars())


def places_of(main: Connection, user: str) -> list[str]:
    """Return the codes of the groups that an account is a member of, asks to join or is invited to."""
    places = [select(table.c.code).where(table.c.user == user) for table in (members, join_requests, invitations)]
    return sorted(main.execute(union(*places)).scalars())
