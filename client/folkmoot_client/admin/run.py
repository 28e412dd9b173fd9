"""Carries out one administration request and ends with the exit code that its outcome has."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import msgspec
import typer

import folkmoot_protocol as fm
from folkmoot_protocol import CloseCode, ErrorCode
from folkmoot_protocol.admin.row import Verb

from ..sdk import Client, ClientError, NotReachable, RequestRefused, SessionEnded
from ..terminal import CONFLICT, DENIED, FAILED, NOT_FOUND, NOT_REACHABLE, USAGE, _, fail, is_interactive, say
from .access import Access
from .output import ALL, Format, Picked, print_error, print_result
from .saving import save

EXIT_CODES = {
    ErrorCode.NO_SUCH_USER: NOT_FOUND,
    ErrorCode.NO_SUCH_GROUP: NOT_FOUND,
    ErrorCode.NO_SUCH_ENTRY: NOT_FOUND,
    ErrorCode.AUTH_FAILED: DENIED,
    ErrorCode.NOT_AUTHENTICATED: DENIED,
    ErrorCode.FORBIDDEN: DENIED,
    ErrorCode.OUTRANKED: DENIED,
    ErrorCode.ACCOUNT_SUSPENDED: DENIED,
    ErrorCode.AGREEMENT_REQUIRED: DENIED,
    ErrorCode.IDENTITY_REQUIRED: DENIED,
    ErrorCode.CONFLICT: CONFLICT,
    ErrorCode.GROUP_CLOSED: CONFLICT,
    ErrorCode.GROUP_SUSPENDED: CONFLICT,
    ErrorCode.BAD_REQUEST: USAGE,
    ErrorCode.BAD_SYNTAX: USAGE,
}
"""Exit codes of refusals; 1 for those that are not here."""

Values: TypeAlias = dict[str, str | int | bool]
"""The options of a request, by name."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to do: a row, and the fields of the request `admin`."""

    verb: Verb[Any]
    target: str | None = None
    reason: str | None = None
    options: Values = field(default_factory=dict)
    limit: int | None = None
    cursor: str | None = None
    dry_run: bool = False
    text: str | None = None


PAGES = 1000
"""Pages of a list that are fetched for what needs all of it."""


def carry_out(access: Access, order: Order, format: Format, picked: Picked = ALL, to: Path | None = None) -> None:
    """Do it and print what came of it, or write it to the file `to`; ends the command unless it went well."""
    try:
        result = asyncio.run(ask(access, order, whole=picked.is_of_all and order.cursor is None, to=to))
    except OSError as error:
        end(format, "not_written", str(error), FAILED)
    except NotReachable as error:
        end(format, "not_reachable", _("The server cannot be reached: {error}").format(error=error), NOT_REACHABLE)
    except RequestRefused as refused:
        code = EXIT_CODES.get(ErrorCode(refused.code), FAILED) if refused.code in set(ErrorCode) else FAILED
        end(format, refused.code, refused.message, code, refused.detail)
    except SessionEnded as ended:
        message = _("The server closed the connection: {error}").format(error=ended)
        end(format, "session_ended", message, DENIED if ended.code == CloseCode.FORBIDDEN else FAILED)
    except ClientError as error:
        message = _("The connection broke; check whether it was done: {error}").format(error=error)
        end(format, "connection_lost", message, FAILED)
    try:
        print_result(format, order.verb, result, picked)
    except ValueError as error:
        message = _("There is no column {column} in this list.").format(column=error)
        end(format, "bad_request", message, USAGE)
    if result.changed is not None:
        tell_changed(result.changed, dry_run=order.dry_run)
    field, value = order.verb.alarm
    if field and any(item.get(field) == value for item in result.items):
        raise typer.Exit(FAILED)


async def ask(access: Access, order: Order, *, whole: bool = False, to: Path | None = None) -> fm.AdminResult:
    """Sign in, send the request, sign out; `whole`: with all pages of a list in one; `to`: writing a file.

    Raises `ClientError`, OSError.
    """
    async with Client(access.server, token=access.token) as client:
        await access.sign_in(client)
        fields: dict[str, Any] = {name: getattr(order, name) for name in ("target", "reason", "options", "text")}
        fields |= {name: getattr(order, name) for name in ("limit", "cursor", "dry_run")}
        try:
            result = page = await client.admin(order.verb.noun.name, order.verb.name, **fields)
            if to is not None and page.cursor is not None:
                return await save(client, order.verb, fields, page, to)
            for _page in range(PAGES if whole else 0):
                if page.cursor is None:
                    break
                page = await client.admin(order.verb.noun.name, order.verb.name, **fields | {"cursor": page.cursor})
                result = msgspec.structs.replace(result, items=(*result.items, *page.items), cursor=page.cursor)
            return result
        finally:
            await access.sign_out(client)


def end(format: Format, code: str, message: str, exit_code: int, detail: dict[str, Any] | None = None) -> NoReturn:
    """Print an error and end the command."""
    print_error(format, code, message, detail)
    raise typer.Exit(exit_code)


def tell_changed(changed: int, *, dry_run: bool) -> None:
    """Say how much was changed, or would be."""
    text = _("Would change: {count}. Nothing was done.") if dry_run else _("Changed: {count}.")
    say(text.format(count=changed))


def check_sure(question: str, *, yes: bool) -> None:
    """Make sure that somebody means it: `--yes`, or an answer on a terminal; or end the command."""
    if yes:
        return
    if not is_interactive():
        fail(_("Without a terminal this needs --yes."), USAGE)
    if not typer.confirm(question, err=True):
        fail(_("Nothing was done."), FAILED)
