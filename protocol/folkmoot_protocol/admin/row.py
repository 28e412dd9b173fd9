"""What a row says of a verb of administration, in types that both ends read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Generic, TypeVar, get_args

from msgspec import NODEFAULT, Meta, Struct, structs


class Options(Struct, frozen=True, kw_only=True):
    """Base of what verbs are told besides their target: a struct for each, its fields the keys on the wire.

    A field's type is `Annotated[type, Flag(…)]`, with a `Meta` for bounds. The type is str, int, bool, `Duration`, a
    Literal or an enum of strings; `… | None` with the default None where leaving it out means something of its own.
    """


class NoOptions(Options, frozen=True):
    """The options of a verb that has none."""


class Duration(int):
    """A length of time in ms. People type it, and it travels, as `30s 10m 2h 7d 2w 6mo 1y perm`."""


@dataclass(frozen=True, slots=True)
class Flag:
    """How an option looks on the command line. Without a `name` it is that of its field, as in `--identity`; without
    a `metavar` it is what the type says. `words`: it is any number of arguments, which travel as one text."""

    help: str
    name: str = ""
    metavar: str | None = None
    words: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a verb, as its field says: `kind` is its plain type, `type` the same with its bounds."""

    name: str
    kind: Any
    type: Any
    default: Any
    flag: Flag
    bounds: Meta

    @property
    def is_required(self) -> bool:
        """Whether it must be given."""
        return self.default is NODEFAULT

    @property
    def shown(self) -> str:
        """The option as one types it: `--for`."""
        return self.flag.name or "--" + self.name.replace("_", "-")

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that it can be, where they are few."""
        if isinstance(self.kind, type):
            return tuple(one.value for one in self.kind) if issubclass(self.kind, Enum) else ()
        return get_args(self.kind)

    @property
    def form(self) -> str:
        """What it can be, in a form that needs no translation."""
        if self.kind is Duration:
            return "30s 10m 2h 7d 2w 6mo 1y perm"
        if self.kind is int and self.bounds.ge is not None:
            return f"{self.bounds.ge}…{self.bounds.le}"
        return "|".join(self.choices) or self.flag.metavar or self.name.upper()


@dataclass(frozen=True, slots=True)
class Target:
    """What a verb is about: an argument, or, where it may be left out, an `option` such as `--group`."""

    metavar: str
    help: str
    option: str = ""


@dataclass(slots=True, eq=False)
class Noun:
    """What is administered, with its verbs in the order of `--help`. `usual` is the verb that may be left out,
    `also` a second name on the command line."""

    name: str
    summary: str
    usual: str = ""
    also: str = ""
    verbs: "list[Verb[Any]]" = field(default_factory=list)

    @property
    def is_verb(self) -> bool:
        """Whether its usual verb is all that there is to it."""
        return bool(self.usual) and len(self.verbs) == 1


AnyOptions = TypeVar("AnyOptions", bound=Options)
"""The options of a verb."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Verb(Generic[AnyOptions]):
    """A row: `folkmoot admin NOUN NAME …`, and the request `admin` that it sends. Making one adds it to its noun.

    `permission` is the row of `folkmoot_governance.permissions.PLATFORM_RULES` that the asker's role must be in.
    `reason`: one must be given. `dry_run`: it can be asked what it would change. `ask` is asked on a terminal before it
    is done, with target and options as placeholders. `paged`: it lists page by page. `file` describes a file whose text
    it is given. `saved`: what it gives is a file, piece by piece, and this is what that is called, with its target in
    it. `columns` are those of its table, the fields of an item with times named as they are printed; without
    them it shows one thing. `examples` are what stands behind `folkmoot admin`. `alarm`: a field of items, and a
    value with which the command ends with 1.
    """

    noun: Noun
    name: str
    summary: str
    permission: str
    options: type[AnyOptions]
    target: Target | None = None
    file: str = ""
    reason: bool = False
    dry_run: bool = False
    ask: str = ""
    paged: bool = False
    columns: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    alarm: tuple[str, str] = ("", "")
    saved: str = ""

    def __post_init__(self) -> None:
        self.noun.verbs.append(self)

    def __str__(self) -> str:
        return self.noun.name if self.name == self.noun.usual else f"{self.noun.name} {self.name}"

    __repr__ = __str__

    @property
    def argument(self) -> Target | None:
        """What it is about, where that must be named."""
        return None if self.target is None or self.target.option else self.target


def options_of(verb: Verb[Any]) -> Sequence[Option]:
    """Return the options of a verb, in the order of its struct."""
    return [_option_of(one) for one in structs.fields(verb.options)]


def _option_of(one: structs.FieldInfo) -> Option:
    kind, *more = get_args(one.type)
    flag = next(note for note in more if isinstance(note, Flag))
    bounds = next((note for note in more if isinstance(note, Meta)), Meta())
    plain = get_args(kind)[0] if isinstance(kind, UnionType) else kind
    # Bounds are of the number, not of its being left out.
    bounded = Annotated[plain, bounds] if kind is not plain and bounds != Meta() else one.type
    return Option(one.encode_name, plain, bounded, one.default, flag, bounds)
