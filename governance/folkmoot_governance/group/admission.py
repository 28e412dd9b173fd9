"""What lets people in past a closed door: answers to the group's question, and invite codes."""

import hashlib
import unicodedata

MOST_ANSWERS = 10
LONGEST_ANSWER = 100


def normalise(answer: str) -> str:
    """Return an answer as it is compared: width, case and spaces do not count."""
    return " ".join(unicodedata.normalize("NFKC", answer).casefold().split())


def accepts(answers: str, answer: str) -> bool:
    """Say whether `answer` is one of `answers` (normalised, one a line)."""
    given = normalise(answer)
    return bool(given) and given in answers.split("\n")


def code_id(invite_code: str) -> str:
    """Return what the group remembers of an invite code: enough to know it again, too little to use it."""
    plain = normalise(invite_code).replace("-", "").replace(" ", "")
    return hashlib.sha256(plain.encode()).hexdigest()[:16]
