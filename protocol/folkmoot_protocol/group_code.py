"""Group codes: 12 digits, the first not 0, the last a Damm check digit.

The Damm digit catches every single wrong digit and every exchange of two neighbours, the mistakes of people
who read a number aloud or type it in (H. M. Damm, "Total anti-symmetrische Quasigruppen", 2004).
"""

import re

from stdnum import damm

from .normal import make_compatible

#: An 11-digit number is what a code is made from.
FIRST_NUMBER = 10**10
LAST_NUMBER = 10**11 - 1

_CODE = re.compile(r"[1-9][0-9]{11}", re.ASCII)
_SHOWN = re.compile(r"[1-9][0-9]{3}-[0-9]{4}-[0-9]{4}", re.ASCII)


def make_group_code(number: int) -> str:
    """Return the code of a number from `FIRST_NUMBER` to `LAST_NUMBER`. Raises ValueError outside."""
    if not FIRST_NUMBER <= number <= LAST_NUMBER:
        raise ValueError("a group number has 11 digits and does not begin with 0")
    digits = str(number)
    return digits + str(damm.calc_check_digit(digits))


def parse_group_code(text: str) -> str | None:
    """Return the 12 digits in what a person or a program gave as a code, None when it is none.

    Takes `482190673350` and `4821-9067-3350`, full-width digits too, with white space around.
    """
    if len(text) > 32:
        return None
    code = make_compatible(text).strip()
    if _SHOWN.fullmatch(code):
        code = code.replace("-", "")
    return code if _CODE.fullmatch(code) and damm.is_valid(code) else None


def show_group_code(code: str) -> str:
    """Return a 12-digit code as people see it: `4821-9067-3350`."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"
