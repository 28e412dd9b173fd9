"""What a function of administration is given, and the table of these functions: one for each row of the protocol's."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from folkmoot_governance import Refusal
from folkmoot_protocol.admin.row import AnyOptions, Verb
from folkmoot_protocol.results import AdminResult

from ..actions.app import App
from ..common.i18n import Translate
from ..live.accounts import Account

PAGE = 100


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a verb, after the checks of its row: who asks, what about, why. Texts that were not given are empty.

    `limit` is how many items a page has, `text` that of a file, `say` puts a text into the asker's language.
    """

    app: App
    account: Account
    say: Translate
    target: str = ""
    reason: str = ""
    dry_run: bool = False
    limit: int = PAGE
    cursor: str = ""
    text: str = ""


Outcome: TypeAlias = AdminResult | Refusal

Function: TypeAlias = Callable[[Call, AnyOptions], Awaitable[Outcome]]

FUNCTIONS: dict[Verb[Any], Function[Any]] = {}
"""The function of each row; `carries_out` puts them here."""


def carries_out(verb: Verb[AnyOptions]) -> Callable[[Function[AnyOptions]], Function[AnyOptions]]:
    """Make the function below the one that carries out a row. It gets the row's options, decoded and in bounds."""

    def register(function: Function[AnyOptions]) -> Function[AnyOptions]:
        assert verb not in FUNCTIONS, f"two functions for {verb}"
        FUNCTIONS[verb] = function
        return function

    return register
