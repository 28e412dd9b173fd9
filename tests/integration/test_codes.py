"""One-time codes: through the log for trying out, through a real webhook; and reviews by the operator's own service."""

import hmac
import json
import re
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from tests.integration.server import PASSWORD, Seat, Server, serving
from tests.integration.test_filings import SECRET, Authority
from tests.integration.test_identity import found_in
from tests.integration.wire import Wire, refused

MOBILE, OTHER = "13912345678", "13700001111"
PERSON, CHILD = "11010519491231002X", "110105202001010015"
GROUPS = 12


@pytest.fixture(scope="module")
def gateway() -> Iterator[Authority]:
    authority = Authority()
    import threading

    thread = threading.Thread(target=authority.serve_forever)
    thread.start()
    try:
        yield authority
    finally:
        authority.shutdown()
        thread.join()
        authority.server_close()


@pytest.fixture(scope="module")
def trying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that writes codes into its log."""
    settings = {"identity__sender__kind": "console", "identity__minimum_age": 14}
    with serving(tmp_path_factory.mktemp("trying"), groups=GROUPS, admin="root", **settings) as server:
        yield server


@pytest.fixture(scope="module")
def sending(tmp_path_factory: pytest.TempPathFactory, gateway: Authority) -> Iterator[Server]:
    """A server that has a webhook for codes, and one for reviews."""
    settings = {
        "identity__sender__kind": "webhook",
        "identity__sender__url": gateway.url,
        "identity__sender__secret": SECRET,
        "identity__sender__codes_per_hour": 3,
        "identity__sender__tries": 2,
        "policy__identity__review": "webhook",
        "identity__review_url": gateway.url,
    }
    with serving(tmp_path_factory.mktemp("sending"), groups=GROUPS, admin="root", **settings) as server:
        yield server


async def unverified(server: Server) -> tuple[Wire, Seat]:
    """Return a connection of somebody whose identity is not verified."""
    seat = server.seats.pop()[0]
    async with await Wire.open(server.url) as root:
        await root.ask(rq.Login, user="root", password=PASSWORD)
        lapsed = {"identity": "none"}
        await root.ask(rq.Admin, noun="user", verb="verify", target=seat.user, reason="lapsed", options=lapsed)
    return await server.connect(seat), seat


@pytest.fixture
async def ann(trying: Server) -> AsyncIterator[Wire]:
    wire, _ = await unverified(trying)
    async with wire:
        yield wire


def codes_in(server: Server) -> list[str]:
    return re.findall(r"one_time_code='?(\d{6})", server.stderr())


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_a_code_verifies_and_the_log_says_that_it_is_for_trying_out(trying: Server, ann: Wire) -> None:
    answer = await ann.run(f"/verify mobile {MOBILE}")
    assert "+86********678" in answer.text
    assert MOBILE not in answer.text
    assert "for trying out only" in trying.stderr()
    code = codes_in(trying)[-1]
    await refused(ann.run(f"/verify code {other_than(code)}"), "auth_failed", rule="identity.code")
    since = len(ann.log)
    assert (await ann.run(f"/verify code {code[:3]} {code[3:]}")).data["identity"] == "mobile"
    await ann.event(ev.CaseEvent, since, state="verified")
    await refused(ann.run(f"/verify code {code}"), "conflict")
    assert found_in(trying, MOBILE) == []


async def test_a_code_is_of_one_account_and_five_misses_end_it(trying: Server, ann: Wire) -> None:
    await ann.run(f"/verify mobile {OTHER}")
    code = codes_in(trying)[-1]
    bob, _ = await unverified(trying)
    async with bob:
        await bob.run(f"/verify mobile {OTHER}")
        await refused(bob.run(f"/verify code {code}"), "auth_failed")
    for _ in range(5):
        await refused(ann.run(f"/verify code {other_than(code)}"), "auth_failed")
    await refused(ann.run(f"/verify code {code}"), "conflict", rule="identity.code")


async def test_staff_is_not_asked_while_a_code_is_out(trying: Server, ann: Wire) -> None:
    await ann.run("/verify mobile 13600002222")
    async with await Wire.open(trying.url) as root:
        await root.ask(rq.Login, user="root", password=PASSWORD)
        assert ann.user not in str((await root.ask(rq.Admin, noun="identity", verb="list")).items)


async def test_who_is_too_young_reads_why_and_a_name_is_kept_sealed(trying: Server, ann: Wire) -> None:
    refusal = await refused(ann.run(f"/verify person {CHILD}"), "forbidden", rule="identity.minimum_age")
    assert refusal.detail["least"] == 14
    await ann.run(f"/verify person {PERSON}, 欧阳娜娜, passport E12345678")
    async with await Wire.open(trying.url) as root:
        await root.ask(rq.Login, user="root", password=PASSWORD)
        ask = {"noun": "identity", "target": ann.user}
        (item,) = (await root.ask(rq.Admin, verb="show", options={"case": "file 1"}, **ask)).items
        assert (item["name"], item["document"], item["minor"]) == ("欧阳娜娜", "passport E12345678", False)
        (done,) = (await root.ask(rq.Admin, verb="approve", reason="seen", **ask)).items
        assert (done["number"], done["check"], done["minor"]) == ("110************02X", "sound", False)
    assert found_in(trying, "欧阳娜娜") == found_in(trying, "E12345678") == found_in(trying, PERSON) == []


async def test_a_webhook_gets_a_signed_code_and_failures_are_tried_again(sending: Server, gateway: Authority) -> None:
    wire, _ = await unverified(sending)
    async with wire:
        before = len(gateway.came)
        gateway.status = 500
        await refused(wire.run(f"/verify mobile {MOBILE}"), "unavailable", rule="identity.sender")
        assert len(gateway.came) == before + 2
        gateway.status = 200
        await wire.run(f"/verify mobile {MOBILE}")
        signature, body = gateway.came[-1]
        parts = dict(part.split("=") for part in signature.split(","))
        expected = hmac.new(SECRET.encode(), parts["t"].encode() + b"." + body, sha256).hexdigest()
        assert parts["v1"] == expected
        sent = json.loads(body)
        assert sent["to"] == f"+86{MOBILE}"
        assert (await wire.run(f"/verify code {sent['code']}")).data["identity"] == "mobile"
        await wire.run(f"/verify mobile {OTHER}")
        await refused(wire.run(f"/verify mobile {OTHER}"), "rate_limited", rule="identity.sender")
    log = sending.stderr()
    assert MOBILE not in log
    assert sent["code"] not in log
    assert found_in(sending, MOBILE) == []


NEW = "nine dry larks sleep"


def sent_to_recover(gateway: Authority, since: int) -> list[dict[str, str]]:
    sent = [json.loads(body) for _, body in gateway.came[since:]]
    return [one for one in sent if one.get("purpose") == "recover"]


async def test_who_has_lost_the_password_gets_a_code_by_the_verified_mobile(
    sending: Server, gateway: Authority
) -> None:
    wire, seat = await unverified(sending)
    other, plain = await unverified(sending)
    await other.close()
    mine = "13522223333"
    async with wire, await Wire.open(sending.url) as stranger:
        gateway.status = 200
        await wire.run(f"/verify mobile {mine}")
        await wire.run(f"/verify code {json.loads(gateway.came[-1][1])['code']}")
        since = len(gateway.came)
        asked = [
            *(
                ("nobody.at.all", mine),
                (seat.user, "13522224444"),
                (plain.user, "13522225555"),
                ("root", "13522226666"),
            ),
            (seat.user.upper(), f"+86 {mine}"),
        ]
        answers = [await stranger.ask(rq.Recover, user=user, number=number) for user, number in asked]
        assert all(answer == answers[0] for answer in answers)
        gateway.until(since + 1)
        told = await wire.event(ev.CaseEvent, state="reset_code_sent")
        (sent,) = sent_to_recover(gateway, since)
        assert sent["to"] == f"+86{mine}"
        await refused(stranger.ask(rq.ResetPassword, user=plain.user, code=sent["code"], new=NEW), "auth_failed")
        await stranger.ask(rq.ResetPassword, user=seat.user, code=sent["code"].upper(), new=NEW)
        assert await wire.closed() == 4403, "other sessions end"
        stranger.session = await stranger.ask(rq.Login, user=seat.user, password=NEW)
        kinds = [one.kind for one in (await stranger.ask(rq.GetNotices)).notices]
        assert kinds[:2] == ["password_changed", "reset_code_sent"]
        assert mine not in told.text and sent["code"] not in told.text
    async with await Wire.open(sending.url) as stranger:
        # As often as a number may be sent to, whether or not it belongs to the account.
        for user, number, times in ((seat.user, mine, 1), (plain.user, "13522225555", 2)):
            for _ in range(times):
                await stranger.ask(rq.Recover, user=user, number=number)
            await refused(stranger.ask(rq.Recover, user=user, number=number), "rate_limited", rule="identity.sender")
        await refused(stranger.ask(rq.Recover, user=seat.user, number="no number"), "bad_request", field="number")
    assert mine not in sending.stderr() and sent["code"] not in sending.stderr()


async def test_no_code_is_sent_to_the_mobile_of_one_of_the_staff(sending: Server, gateway: Authority) -> None:
    wire, seat = await unverified(sending)
    number = "13533334444"
    async with wire, await Wire.open(sending.url) as root:
        await wire.run(f"/verify mobile {number}")
        await wire.run(f"/verify code {json.loads(gateway.came[-1][1])['code']}")
        await root.ask(rq.Login, user="root", password=PASSWORD)
        fields = {"noun": "role", "verb": "create", "target": seat.user, "reason": "hired"}
        await root.ask(rq.Admin, **fields, options={"role": "viewer"})
        since = len(gateway.came)
        async with await Wire.open(sending.url) as stranger:
            await stranger.ask(rq.Recover, user=seat.user, number=number)
        await root.ask(rq.Admin, noun="role", verb="delete", target=seat.user, reason="left")
        async with await Wire.open(sending.url) as stranger:
            await stranger.ask(rq.Recover, user=seat.user, number=number)
        gateway.until(since + 1)
        assert len(sent_to_recover(gateway, since)) == 1


@pytest.mark.parametrize(
    ("answer", "identity", "asked"),
    [
        (b'{"decision": "approve"}', "person", None),
        (b'{"decision": "reject", "reason": "no such person"}', "none", None),
        (b'{"decision": "unsure"}', "none", "person"),
        (b"<html>", "none", "person"),
    ],
)
async def test_the_operators_own_service_reviews(
    sending: Server, gateway: Authority, answer: bytes, identity: str, asked: str | None
) -> None:
    wire, _ = await unverified(sending)
    numbers = {"person": "110105194912310134", "none": PERSON}
    async with wire:
        gateway.answer = answer
        await wire.run(f"/verify person {numbers[identity]}, Zhang San")
        said = json.loads(gateway.came[-1][1])
        assert (said["level"], said["number"], said["name"]) == ("person", numbers[identity], "Zhang San")
        shown = (await wire.run("/verify")).data
        assert (shown["identity"], shown["asked"]) == (identity, asked)
        if b"no such" in answer:
            assert "no such person" in (await wire.run("/verify")).text
