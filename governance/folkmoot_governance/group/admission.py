"""What lets people in past a closed door: answers to the group's question, and invite codes."""

import hashlib

from folkmoot_protocol.normal import make_compatible

MAX_ANSWERS = 10
LONGEST_ANSWER = 100


def normalise(answer: str) -> str:
    """Return an answer without what does not count: width, case, and how much space is between its words."""
    return " ".join(make_compatible(answer).casefold().split())


def accepts(answers: str, answer: str) -> bool:
    """Say whether `answer` is one of `answers` (normalised, one a line), however it is spaced."""
    given = normalise(answer).replace(" ", "")
    return bool(given) and given in answers.replace(" ", "").split("\n")


def code_id(invite_code: str) -> str:
    """Return what the group remembers of an invite code: enough to know it again, too little to use it."""
    plain = normalise(invite_code).replace("-", "").replace(" ", "")
    return hashlib.sha256(plain.encode()).hexdigest()[:16]
