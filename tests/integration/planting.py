"""Identities planted by the dozen, of each kind and with names in ten languages, and the search for them.

`try_out` does with an account's identities all that can be done; `find_planted` looks for any of them in files, as they
are, and as a program might have written them: in JSON, in lower case, in hexadecimal digits, in Base64, in UTF-16.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import ahocorasick

from folkmoot_protocol import requests as rq
from folkmoot_protocol.types import Identity
from tests.integration.wire import Refused, Wire

COUNT = 50
NAMES = (
    *("欧阳娜娜", "山田太郎", "김철수", "محمد العربي", "יעל כהן", "Дмитрий Иванов", "Ελένη Παπαδοπούλου"),
    *("प्रिया शर्मा", "สมชาย ใจดี", "Zoë Ångström-Núñez"),
)
PERSON_CHECKS, DIGITS = "10X98765432", "0123456789ABCDEFGHJKLMNPQRTUWXY"
UNLIMITED = {
    **{f"limits__{name}": 0 for name in ("requests_per_second", "acts_per_minute", "sign_ins_per_minute")},
    "limits__connections_per_address": 0,
    "policy__groups__tries_per_hour": 0,
}


def person(number: int) -> str:
    head = f"110101{1950 + number}0{1 + number % 9}{10 + number % 18}{number:03}"
    return head + PERSON_CHECKS[sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(head)) % 11]


def organisation(number: int) -> str:
    head = f"91350100M{number:03}ABCX{number % 10}"[:17]
    return head + DIGITS[-sum(DIGITS.index(char) * pow(3, place, 31) for place, char in enumerate(head)) % 31]


def name(number: int) -> str:
    return f"{NAMES[number % len(NAMES)]}-{number:02}"


PLANTED = {
    Identity.MOBILE: [f"139{number:04}{7_351 + 13 * number:04}" for number in range(COUNT)],
    Identity.PERSON: [person(number) for number in range(COUNT)],
    Identity.ORGANISATION: [organisation(number) for number in range(COUNT)],
}


async def try_out(wire: Wire, root: Wire, user: str, number: int) -> list[str]:
    """Do with one account's identities all that can be done with them; return all that was answered."""
    said: list[str] = []

    async def ask(line: str) -> None:
        try:
            said.append(str(await wire.run(line)))
        except Refused as refused:
            said.append(str(refused))

    async def staff(noun: str, verb: str, **options: object) -> None:
        try:
            fields = {"noun": noun, "verb": verb, "target": user, "reason": "looked at", "options": options}
            said.append(str(await root.ask(rq.Admin, **fields)))
        except Refused as refused:
            said.append(str(refused))

    await staff("user", "verify", identity="none")
    for kind, numbers in PLANTED.items():
        given = f"{numbers[number]}, {name(number)}, passport E{numbers[number][-6:]}{number:02}"
        await ask(f"/verify {kind} {given}x")
        await ask(f"/verify {kind} {numbers[number]}{number}")
        await ask(f"/verify {kind} {given}")
        await ask("/verify")
        await staff("identity", "show")
        if number % 3:
            await staff("identity", "approve")
        elif number % 2:
            await staff("identity", "reject")
        else:
            await ask("/verify withdraw")
        await staff("user", "show")
    await ask("/mydata")
    await ask("/mydata acts:")
    await ask("/limits")
    # A measure, so that there is a report to the authority, which can be taken out without identities alone.
    await staff("credit", "set", score=60)
    if number % 7 == 0:
        await staff("blacklist", "add", scope="create")
    if number % 5 == 0:
        await ask(f"/account close {user}")
    return said


async def take_out(root: Wire) -> list[str]:
    """Take out all that staff can have without two administrators: lists, figures, reports to the authority."""
    said: list[str] = []
    lists = ("user", "blacklist", "identity", "filing", "case", "sanction", "queue", "group", "session", "credit")
    for noun, verb in (*((one, "list") for one in lists), ("duty", "list"), ("figures", "list"), ("identity", "read")):
        try:
            said.append(str(await root.ask(rq.Admin, noun=noun, verb=verb)))
        except Refused as refused:
            said.append(str(refused))
    drafts = (await root.ask(rq.Admin, noun="filing", verb="list", options={"state": "draft"}, limit=200)).items
    assert drafts, "there is nothing to report"
    for number, draft in enumerate(one for one in drafts if "~" not in one["case"]):
        form = ("json", "csv")[number % 2]
        for verb, options in (("show", {}), ("approve", {}), ("send", {"form": form})):
            done = await root.ask(rq.Admin, noun="filing", verb=verb, target=draft["case"], options=options)
            said.append(str(done))
    return said


def spellings() -> Iterator[bytes]:
    """Give all that was planted, as a program might have written it."""
    secrets = [secret for numbers in PLANTED.values() for secret in numbers]
    for secret in (*secrets, *(name(number) for number in range(COUNT)), *NAMES):
        plain = secret.encode()
        yield from (plain, secret.lower().encode(), json.dumps(secret)[1:-1].encode(), secret.encode("utf-16-le"))
        yield from (plain.hex().encode(), plain.hex().upper().encode())
        for shift in range(3):
            # What is beside it in the same Base64 changes the digits at its ends.
            yield base64.b64encode(bytes(shift) + plain)[4 if shift else 0 : -4]


def find_planted(files: Iterable[Path]) -> dict[str, list[bytes]]:
    """Return which files have what of it."""
    sought, found = ahocorasick.Automaton(), dict[str, list[bytes]]()
    for spelling in spellings():
        # A character for each byte.
        sought.add_word(spelling.decode("latin-1"), spelling)
    sought.make_automaton()
    for path in files:
        hits = {spelling for _end, spelling in sought.iter(path.read_bytes().decode("latin-1"))}
        if hits:
            found[str(path)] = sorted(hits)
    return found
