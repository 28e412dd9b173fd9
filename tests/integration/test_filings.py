"""Reports to the authority: written with the measure, approved by staff, sent to a real webhook, or taken out."""

import csv
import hmac
import io
import json
import threading
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from tests.integration.server import PASSWORD, Launch, Server, serving
from tests.integration.test_http import get
from tests.integration.wire import Wire, refused

SECRET = "a secret of some length"
NUMBER = "91350211M0000XUF46"


class Authority(HTTPServer):
    """A webhook that remembers what came, and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.came: list[tuple[str, bytes]] = []
        self.status = 200
        self.answer = b'{"receipt": "2026-4711"}'
        self.news = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/measures"

    def until(self, count: int) -> None:
        with self.news:
            assert self.news.wait_for(lambda: len(self.came) >= count, 60)


class Taking(BaseHTTPRequestHandler):
    server: Authority

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        authority = self.server
        self.send_response(authority.status)
        self.send_header("Location", authority.url)
        self.end_headers()
        self.wfile.write(authority.answer)
        with authority.news:
            authority.came.append((self.headers["X-Folkmoot-Signature"], body))
            authority.news.notify_all()

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    server = Authority()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("filings")
    settings = {
        "operator__authority_url": authority.url,
        "operator__authority_secret": SECRET,
        "limits__sign_ins_per_minute": 0,
    }
    with serving(place, groups=2, members=2, admin="root", **settings) as server:
        assert server.terminate() == 0
        assert server.run("init", "--user", "judge", input=f"{PASSWORD}\n").returncode == 0
        server.start()
        yield server


async def login(server: Server, user: str) -> Wire:
    wire = await Wire.open(server.url)
    wire.session = await wire.ask(rq.Login, user=user, password=PASSWORD)
    return wire


@pytest.fixture
async def staff(staffed: Server) -> AsyncIterator[tuple[Wire, Wire]]:
    root, judge = await login(staffed, "root"), await login(staffed, "judge")
    yield root, judge
    await root.close()
    await judge.close()


async def admin(wire: Wire, verb: str, target: str | None = None, noun: str = "filing", **options: Any) -> Any:
    result: rs.AdminResult = await wire.ask(
        rq.Admin, noun=noun, verb=verb, target=target, reason="fraud in ten groups", options=options
    )
    return result


async def muted(root: Wire, user: str) -> str:
    """Take a measure; return its case."""
    done = await admin(root, "create", f"@{user}", "sanction", measure="mute", rule="fraud")
    await admin(root, "restore", f"@{user}", "sanction", measure="mute")
    return str(done.items[0]["case"])


async def state(root: Wire, case: str) -> dict[str, Any]:
    ((item),) = (await admin(root, "show", case)).items
    return dict(item)


def check_signature(header: str, body: bytes) -> None:
    ts, _, digest = header.removeprefix("t=").partition(",v1=")
    assert digest == hmac.new(SECRET.encode(), ts.encode() + b"." + body, sha256).hexdigest()


async def test_a_report_is_drafted_with_the_measure_and_sent_when_it_is_approved(
    staffed: Server, staff: tuple[Wire, Wire], authority: Authority
) -> None:
    root, judge = staff
    user = staffed.seats[0][1].user
    case = await muted(root, user)
    draft = await state(root, case)
    assert (draft["state"], draft["measure"], draft["user"]) == ("draft", "account_mute", user)
    assert draft["statement"]["decision_facts"] == "fraud in ten groups"
    assert user not in str(draft["statement"])
    await refused(admin(root, "receipt", case, number="1"), "conflict")
    await refused(admin(root, "send", case), "conflict")
    await refused(admin(root, "send", case, form="json"), "conflict")
    before = len(authority.came)
    authority.status = 500
    assert (await admin(judge, "approve", case)).items[0]["state"] == "approved"
    await refused(admin(root, "approve", case), "conflict")
    authority.until(before + 1)
    while not (await state(root, case))["tries"]:
        pass
    failed = await state(root, case)
    assert (failed["state"], failed["problem"]) == ("approved", "the answer was 500")
    while "folkmoot_filings_unsent 1.0" not in await metrics(staffed):
        pass
    authority.status = 302
    assert (await admin(root, "send", case)).items[0]["problem"] == "the answer was 302", "nobody is followed"
    authority.status = 200
    sent = (await admin(root, "send", case)).items[0]
    assert (sent["state"], sent["receipt"], sent["problem"]) == ("received", "2026-4711", "")
    header, body = authority.came[-1]
    check_signature(header, body)
    document = json.loads(body)
    assert document["case"] == case
    assert document["about"] == {"user": user}
    assert document["statement"]["category"] == "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"
    assert case in [one["case"] for one in (await admin(root, "list", state="received")).items]
    assert case not in [one["case"] for one in (await admin(root, "list", state="draft")).items]


async def metrics(server: Server) -> str:
    """Return the figures once the job has told them anew."""
    found = (await get(server, "/metrics")).text
    return str(found)


async def test_it_is_taken_out_signed_and_the_number_noted(
    staffed: Server, staff: tuple[Wire, Wire], authority: Authority
) -> None:
    root, judge = staff
    authority.status, authority.answer = 500, b""
    case = await muted(root, staffed.seats[0][1].user)
    await admin(judge, "approve", case)
    for form in ("json", "csv"):
        out = (await admin(root, "send", case, form=form)).items[0]
        check_signature(out["signature"], out["document"].encode())
        assert out["state"] == "sent"
        if form == "json":
            assert json.loads(out["document"])["case"] == case
        else:
            (row,) = csv.DictReader(io.StringIO(out["document"]))
            assert (row["case"], row["decision_facts"]) == (case, "fraud in ten groups")
    noted = (await admin(root, "receipt", case, number="A 1")).items[0]
    assert (noted["state"], noted["receipt"]) == ("received", "A 1")
    await refused(admin(root, "show", "@nobody-1"), "no_such_entry")


async def test_no_identity_without_two_administrators(
    staffed: Server, staff: tuple[Wire, Wire], authority: Authority
) -> None:
    root, judge = staff
    authority.status = 500
    seat = staffed.seats[1][1]
    async with await staffed.connect(seat) as wire:
        await wire.run(f"/verify organisation {NUMBER} sure")
    await root.ask(rq.Admin, noun="identity", verb="approve", target=seat.user, reason="seen", dry_run=False)
    one, other = await muted(root, seat.user), await muted(root, seat.user)
    # What somebody has approved whose role has ended since does not count.
    await admin(judge, "approve", one, identity=True)
    await admin(root, "delete", "judge", "role")
    await admin(root, "approve", one, identity=True)
    assert (await state(root, one))["state"] == "draft"
    await admin(root, "create", "judge", "role", role="superadmin")
    await refused(admin(root, "approve", one, identity=True), "forbidden")
    await admin(judge, "approve", one, identity=True)
    out = (await admin(root, "send", one, form="json")).items[0]
    assert json.loads(out["document"])["about"]["identity"] == [{"level": "organisation", "number": NUMBER}]
    await admin(root, "approve", other, identity=True)
    await admin(judge, "approve", other)
    out = (await admin(root, "send", other, form="json")).items[0]
    assert NUMBER not in out["document"]


async def test_without_a_webhook_it_is_said_so(launch: Launch) -> None:
    server = launch(groups=1, members=2, admin="root")
    async with await login(server, "root") as root:
        case = await muted(root, server.seats[0][1].user)
        await admin(root, "approve", case)
        await refused(admin(root, "send", case), "conflict", rule="operator.authority_url")
        out = (await admin(root, "send", case, form="json")).items[0]
        assert out["signature"].startswith("t=")
