"""Fresh group codes, invite codes and case numbers."""

import hashlib
import secrets

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of codes that people read and type: none that is taken for another."""


def random_letters(length: int) -> str:
    """Return letters that nobody guesses."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def letters_of(drawn: bytes, length: int) -> str:
    """Return letters that follow from bytes."""
    rest, letters = int.from_bytes(drawn), []
    for _ in range(length):
        rest, place = divmod(rest, len(LETTERS))
        letters.append(LETTERS[place])
    return "".join(letters)


def report_number(drawn: bytes) -> str:
    """Return the number of a report. It follows from what is reported, so that of two that are opened at the same
    moment the ledger lets one through; `drawn` is made of that with a key, so that nobody can tell it beforehand."""
    return f"r-{letters_of(drawn, 10)}"


def lookup_code(drawn: bytes) -> str:
    """Return a code by which who reports without an account looks up the case."""
    letters = letters_of(drawn, 16)
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def name_of_code(code: str) -> str:
    """Return what is kept of such a code, as it is typed: whoever has that cannot tell the code."""
    return _hash_of_code("report", code)[:32]


def _hash_of_code(purpose: str, code: str) -> str:
    plain = "".join(letter for letter in code.lower() if letter in LETTERS)
    return hashlib.sha256(f"folkmoot {purpose} {plain}".encode()).hexdigest()


def recovery_codes() -> list[str]:
    """Return codes to sign in with once each, where no other can be shown."""
    return ["-".join(random_letters(4) for _ in range(3)) for _ in range(10)]


def hash_of_recovery_code(user: str, code: str) -> str:
    """Return what is kept of such a code, as it is typed, for an account."""
    return _hash_of_code(f"recovery {user}", code)


def reset_code() -> str:
    """Return a code with which another password is set: nobody guesses it, however many try."""
    return "-".join(random_letters(4) for _ in range(5))


def hash_of_reset_code(user: str, code: str) -> str:
    """Return what is kept of such a code, as it is typed, for an account."""
    return _hash_of_code(f"reset {user}", code)


def mediation_number() -> str:
    """Return a number for a mediation, as `report_number` does for a report."""
    return f"m-{random_letters(10)}"


def emergency_number() -> str:
    """Return a number for an emergency, as `report_number` does one for a report."""
    return f"e-{random_letters(10)}"


def announcement_number() -> str:
    """Return a number for what everybody is told, as `report_number` does one for a report."""
    return f"n-{random_letters(10)}"


def proposal_number() -> str:
    """Return a number for a proposed measure, as `report_number` does one for a report."""
    return f"p-{random_letters(10)}"


def application_number() -> str:
    """Return a number for an application, as `report_number` does one for a report."""
    return f"q-{random_letters(10)}"


def blacklist_entry() -> str:
    """Return a name for an entry of the blacklist against an identity, as `report_number` does one for a report."""
    return f"b-{random_letters(10)}"


def new_author_tag() -> str:
    """Return what entries of a closed account are from: no user name looks like it, and no two are the same."""
    return f"~{secrets.token_hex(6)}"
