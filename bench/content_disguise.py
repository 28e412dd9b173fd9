"""How people get a text past a word list: each function disguises a text, drawing on a source of chance."""

import random
from collections.abc import Callable

import opencc

ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
SEPARATORS = ".-_*·~|"
CYRILLIC = dict(zip("aceopxyikhmtbnu", "асеорхуікһмтьпи", strict=True))
GREEK = dict(zip("aopvkitux", "αορνκιτυχ", strict=True))
CAPITAL = dict(zip("ABCEHKMOPTXIS", "АВСЕНКМОРТХІЅ", strict=True))
DIGITS = dict(zip("oieast", "013457", strict=True))
LATIN = {look: letter for letter, look in {**CYRILLIC, **CAPITAL}.items()}

_to_traditional = opencc.OpenCC("s2t")


def zero_width(text: str, rng: random.Random) -> str:
    """Put a character of no width behind every other one."""
    return "".join(one + rng.choice(ZERO_WIDTH) if rng.random() < 0.5 else one for one in text)


def full_width(text: str, rng: random.Random) -> str:
    """Write ASCII in full width."""
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


def separators(text: str, rng: random.Random) -> str:
    """Put one separator between the letters of each word."""
    sign = rng.choice(SEPARATORS)
    return " ".join(sign.join(word) for word in text.split())


def spaces(text: str, rng: random.Random) -> str:
    """S p e l l   o u t."""
    return "   ".join(" ".join(word) for word in text.split())


def fillers(text: str, rng: random.Random) -> str:
    """Put emoji, signs and marks in between at random."""
    return "".join(one + rng.choice("✨💥★ ̶.、") if rng.random() < 0.3 else one for one in text)


def traditional(text: str, rng: random.Random) -> str:
    """Write Chinese in Traditional characters."""
    return str(_to_traditional.convert(text))


def cyrillic(text: str, rng: random.Random) -> str:
    """Put Cyrillic letters for Latin ones that look alike, and the other way round in a Cyrillic text."""
    is_cyrillic = sum("а" <= one.lower() <= "я" for one in text) > len(text) / 3
    table = LATIN if is_cyrillic else {**CYRILLIC, **CAPITAL}
    return "".join(table.get(one, one) for one in text)


def greek(text: str, rng: random.Random) -> str:
    """Put Greek letters for Latin ones that look alike."""
    return "".join(GREEK.get(one, one) for one in text)


def mathematical(text: str, rng: random.Random) -> str:
    """Write letters in one of the mathematical alphabets."""
    start = rng.choice((0x1D41A, 0x1D482, 0x1D4EA, 0x1D5BA, 0x1D68A))
    return "".join(chr(start + ord(one) - ord("a")) if "a" <= one <= "z" else one for one in text)


def digits(text: str, rng: random.Random) -> str:
    """Put digits for letters: fr33 pr1z3."""
    return "".join(DIGITS[one] if one in DIGITS and rng.random() < 0.6 else one for one in text)


DISGUISES: dict[str, Callable[[str, random.Random], str]] = {
    "zero width": zero_width,
    "full width": full_width,
    "separators": separators,
    "spelled out": spaces,
    "fillers": fillers,
    "traditional": traditional,
    "look-alikes, cyrillic": cyrillic,
    "look-alikes, greek": greek,
    "look-alikes, mathematical": mathematical,
    "look-alikes, digits": digits,
}
