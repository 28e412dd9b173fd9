"""Identities that are planted by the dozen, of each kind and with names in ten languages, are found nowhere in plain.

Each is given, some of them wrongly, approved, turned down, taken back, renewed, put on the blacklist, or erased with
its account; then all that the server has left is searched: its files, the log, what it answered, a backup.
"""

import json
from pathlib import Path

from folkmoot_protocol import requests as rq
from folkmoot_protocol.types import Identity
from tests.integration.server import PASSWORD, serving
from tests.integration.test_http import get
from tests.integration.wire import Refused, Wire

COUNT = 50
NAMES = (
    *("欧阳娜娜", "山田太郎", "김철수", "محمد العربي", "יעל כהן", "Дмитрий Иванов", "Ελένη Παπαδοπούλου"),
    *("प्रिया शर्मा", "สมชาย ใจดี", "Zoë Ångström-Núñez"),
)
PERSON_CHECKS, DIGITS = "10X98765432", "0123456789ABCDEFGHJKLMNPQRTUWXY"


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
        if number % 3:
            await staff("identity", "approve")
        elif number % 2:
            await staff("identity", "reject")
        else:
            await ask("/verify withdraw")
        await staff("user", "show")
    if number % 7 == 0:
        await staff("blacklist", "add", scope="create")
    if number % 5 == 0:
        await ask(f"/account close {user}")
    return said


async def test_a_hundred_and_fifty_identities_are_nowhere_in_plain(tmp_path: Path) -> None:
    settings = {f"limits__{limit}": 0 for limit in ("requests_per_second", "acts_per_minute", "sign_ins_per_minute")}
    settings |= {"limits__connections_per_address": 0, "policy__groups__tries_per_hour": 0}
    with serving(tmp_path, groups=COUNT, members=1, admin="root", server__log_level="debug", **settings) as server:
        said: list[str] = []
        async with await Wire.open(server.url) as root:
            await root.ask(rq.Login, user="root", password=PASSWORD)
            for number, (seat,) in enumerate(server.seats):
                async with await server.connect(seat) as wire:
                    said += await try_out(wire, root, seat.user, number)
            said.append(str(await root.ask(rq.Admin, noun="user", verb="list")))
            said.append(str(await root.ask(rq.Admin, noun="blacklist", verb="list")))
            approved = sum("verified" in one for one in said)
        said += [str(await get(server, path)) for path in ("/metrics", "/readyz")]
        # Of one instant, beside the files of the server that runs, its write-ahead log among them.
        copied = server.run("db", "backup", str(tmp_path / "backup"))
        assert copied.returncode == 0, copied.stderr
        (tmp_path / "said").write_text("\n".join(said), "utf-8")
        assert approved > COUNT
        files = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "keys"]
        assert {path.name for path in files} >= {"folkmoot.sqlite3", "said"}
        secrets = [secret for numbers in PLANTED.values() for secret in numbers]
        secrets += [name(number) for number in range(COUNT)] + list(NAMES)
        spelt = {form for secret in secrets for form in (secret, json.dumps(secret)[1:-1], secret.lower())}
        for path in files:
            found = [one for one in spelt if one.encode() in path.read_bytes()]
            assert found == [], path
