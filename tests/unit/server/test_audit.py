"""What a syslog server of the operator's is told over TLS: everything, in order, and of nobody who it is (G13)."""

import asyncio
import datetime
import ipaddress
import json
import re
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from folkmoot_governance.account_events import AnyAccountEvent, TextsRead
from folkmoot_governance.actor import PlatformRole
from folkmoot_governance.case.state import AnyCaseEvent
from folkmoot_governance.group.events import GroupEvent
from folkmoot_governance.store_acts import AnyStoreEvent
from folkmoot_protocol import requests as rq
from folkmoot_server.actions import audit
from folkmoot_server.actions.audit_formats import (
    ACTIVITIES,
    OCSF_VERSION,
    Told,
    as_message,
    told_of_access,
    told_of_event,
)
from folkmoot_server.common.metrics import AUDIT_LOST
from folkmoot_server.common.syslog import Severity, Writer
from folkmoot_server.jobs.auditing import Auditing
from folkmoot_server.sealed.access_records import AccessKind, AccessRecord
from folkmoot_server.storage.change_set import account_stream
from folkmoot_server.storage.changes import AUDIT_MARK
from folkmoot_server.storage.rows import LedgerRow
from folkmoot_server.transport import tls_stream
from tests.integration.wire import PATIENCE_S, refused
from tests.unit.server.stores import Stage, staged
from tests.unit.server.test_inspector import grant

MESSAGE = re.compile(
    r"<(?P<priority>\d{1,3})>1 (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?P<host>[!-~]{1,255}) folkmoot "
    r'(?P<node>[!-~]{1,128}) (?P<kind>[!-~]{1,32}) \[meta sequenceId="(?P<number>\d+)"\]'
    r'\[origin software="folkmoot" swVersion="[^"]+"\] (?P<message>\{.*\})',
    re.ASCII,
)
"""RFC 5424, section 6, as this service writes it."""


class Message(NamedTuple):
    priority: int
    kind: str
    number: int
    fields: dict[str, Any]


def read_message(text: bytes) -> Message:
    found = MESSAGE.fullmatch(text.decode("ascii"))
    assert found, text
    fields = json.loads(found["message"])
    moment = datetime.datetime.fromisoformat(found["time"])
    assert round(moment.timestamp() * 1000) == fields["time"]
    return Message(int(found["priority"]), found["kind"], int(found["number"]), fields)


class Collector:
    """A syslog server that speaks TLS and remembers what came, frame by frame (RFC 5425)."""

    def __init__(self, context: ssl.SSLContext, port: int = 0) -> None:
        self.context = context
        self.port = port
        self.came: list[Message] = []
        self.news = asyncio.Condition()
        self.peers: list[asyncio.StreamWriter] = []
        self.server: asyncio.Server

    async def open(self) -> None:
        self.server = await asyncio.start_server(self.take, "127.0.0.1", self.port, ssl=self.context)
        self.port = self.server.sockets[0].getsockname()[1]

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.peers.append(writer)
        try:
            while True:
                length = await reader.readuntil(b" ")
                message = read_message(await reader.readexactly(int(length)))
                async with self.news:
                    self.came.append(message)
                    self.news.notify_all()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def until(self, is_there: Callable[[list[Message]], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self.news:
            await self.news.wait_for(lambda: is_there(self.came))

    async def close(self) -> None:
        self.server.close()
        for peer in self.peers:
            peer.transport.abort()
        await self.server.wait_closed()


class World(NamedTuple):
    stage: Stage
    collector: Collector


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(tls_stream, "SETTLE_S", 0.01)
    certificate, key = make_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    collector = Collector(context)
    await collector.open()
    settings = {"address": f"127.0.0.1:{collector.port}", "ca_file": str(certificate), "waiting": 100}
    try:
        async with staged(tmp_path, **{f"audit__syslog__{name}": value for name, value in settings.items()}) as stage:
            yield World(stage, collector)
    finally:
        await collector.close()


def make_certificate(place: Path) -> tuple[Path, Path]:
    """Write a certificate for this machine's address, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "collector")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2120, 1, 1, tzinfo=datetime.UTC))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = place / "collector.pem", place / "collector.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(*form))
    return files


def of(came: list[Message], log: str) -> list[Message]:
    return [one for one in came if one.fields["log"] == log]


async def test_what_is_done_and_who_connects_is_told_without_names(world: World) -> None:
    stage, collector = world
    owner, member = stage.seats[0][:2]
    wire = await stage.connect(owner)
    await wire.run(f"/mute @{member.user} 1h selling things", owner.code)
    await collector.until(lambda came: any(one.kind == "muted" for one in came))
    await collector.until(lambda came: any(one.kind == "token_used" for one in came))
    (muted,) = [one for one in collector.came if one.kind == "muted"]
    audit = stage.node.app.audit
    assert (muted.fields["stream"], muted.fields["subject"]) == ("group", owner.code)
    assert muted.fields["actor"] == audit.hide(owner.user)
    # The event itself is found by its place, and its digest is that of the log.
    (leaf,) = await stage.node.app.event_log.entries(muted.fields["position"] - 1, muted.fields["position"])
    assert muted.fields["digest"] == leaf.split()[3].decode()
    signed_in = next(one for one in collector.came if one.kind == "token_used")
    assert signed_in.fields["account"] == audit.hide(owner.user)
    assert muted.priority // 8 == signed_in.priority // 8 == 13
    text = json.dumps([one.fields for one in collector.came])
    assert not [secret for secret in (owner.user, member.user, "selling", "127.0.0.1") if secret in text]


async def test_staff_learns_on_record_for_whom_something_stands(world: World) -> None:
    stage, _ = world
    about, officer = stage.seats[0][1].user, stage.seats[1][0]
    await grant(stage, officer.user, PlatformRole.SAFETY_OFFICER)
    wire, options = await stage.connect(officer), {"case": "alarm 12"}
    drawn = stage.node.app.audit.hide(about)
    found = await wire.ask(rq.Admin, noun="access", verb="whose", target=drawn, options=options)
    assert found.items == ({"user": about},)
    await refused(wire.ask(rq.Admin, noun="access", verb="whose", target="00ff", options=options), "no_such_user")
    own = [one.event for one in await stage.store.ledger.events(account_stream(officer.user))]
    assert [(one.what, one.case) for one in own if isinstance(one, TextsRead)] == [("audit", "alarm 12")] * 2


async def test_no_event_is_left_out_while_the_server_is_away(world: World) -> None:
    stage, collector = world
    await stage.rest()
    owner = stage.seats[0][0]
    wire, job = await stage.connect(owner), stage.job(Auditing)
    await wire.run("/topic one", owner.code)
    await job.do_round()
    await collector.until(lambda came: any(one.kind == "topic_changed" for one in came))
    await collector.close()
    for topic in range(5):
        await wire.run(f"/topic {topic} more", owner.code)
    assert await job.do_round()
    assert "syslog" in stage.node.app.status.remarks["audit"]
    await collector.open()
    assert await job.do_round() is None
    await collector.until(lambda came: sum(one.kind == "topic_changed" for one in came) >= 6)
    positions = [one.fields["position"] for one in of(collector.came, "governance")]
    assert set(positions) == set(range(min(positions), max(positions) + 1))
    assert "audit" not in stage.node.app.status.remarks
    # Another node, or this one after a start, goes on there.
    count = len(of(collector.came, "governance"))
    await stage.job(Auditing).do_round()
    await wire.run("/topic last", owner.code)
    await stage.job(Auditing).do_round()
    await collector.until(lambda came: len(of(came, "governance")) > count)
    assert len(of(collector.came, "governance")) == count + 1


async def test_what_is_lost_of_connections_is_counted_and_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is sent in pieces: *it was one list, however long*."""
    stage, collector = world
    monkeypatch.setattr(audit, "UNSURE", 40)
    await stage.rest()
    telling, before = stage.node.app.audit, AUDIT_LOST._value.get()
    await telling.send_access()
    await collector.close()
    for number in range(130):
        telling.heard(AccessRecord(number + 1, AccessKind.CONNECTED, "", number, "192.0.2.7", 443))
    assert await telling.send_access()
    assert AUDIT_LOST._value.get() - before == 30
    await collector.open()
    sizes, deliver = list[int](), telling._deliver

    async def counted(kind: str, told: Sequence[Told]) -> bool:
        sizes.append(len(told))
        return await deliver(kind, told)

    monkeypatch.setattr(telling, "_deliver", counted)
    assert await telling.send_access() is None
    assert sizes == [40, 40, 21]
    await collector.until(lambda came: any(one.kind == "records_lost" for one in came))
    (lost,) = [one for one in collector.came if one.kind == "records_lost"]
    assert lost.fields["count"] == 30
    assert {one.fields["connection"] for one in collector.came if one.kind == "connected"} >= set(range(100))
    assert await telling.send_access() is None
    assert sum(one.kind == "records_lost" for one in collector.came) == 1


async def test_each_record_is_sent_once(world: World) -> None:
    stage, collector = world
    await stage.rest()
    audit = stage.node.app.audit
    await audit.send_access()
    for number in range(1000, 1020):
        audit.heard(AccessRecord(1, AccessKind.CONNECTED, "", number, "192.0.2.7", 443))
        assert await audit.send_access() is None
    await collector.until(lambda came: any(one.fields["connection"] == 1019 for one in of(came, "access")))
    sent = [one.fields["connection"] for one in of(collector.came, "access") if one.fields["connection"] >= 1000]
    assert sent == list(range(1000, 1020))
    assert len(collector.peers) == 1


async def test_what_was_on_its_way_when_the_connection_broke_is_sent_again(world: World) -> None:
    stage, collector = world
    await stage.rest()
    audit = stage.node.app.audit

    async def send(number: int) -> None:
        audit.heard(AccessRecord(1, AccessKind.CONNECTED, "", number, "192.0.2.7", 443))
        while await audit.send_access():
            pass

    await send(1000)
    await collector.until(lambda came: any(one.fields.get("connection") == 1000 for one in came))
    for peer in collector.peers:
        peer.transport.abort()
    # Nobody knows yet that the other side is gone.
    for number in (1001, 1002, 1003):
        await send(number)
    await collector.until(lambda came: {1001, 1002, 1003} <= {one.fields.get("connection") for one in came})


async def test_what_a_server_refuses_after_the_handshake_was_not_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With TLS 1.3 a client without a certificate is through with its handshake, and may send, before it is refused."""
    stage, collector = world
    await stage.rest()
    job, wire, code = stage.job(Auditing), await stage.connect(stage.seats[0][0]), stage.seats[0][0].code
    await job.do_round()
    await collector.close()
    # The alert ends the waiting.
    monkeypatch.setattr(tls_stream, "SETTLE_S", PATIENCE_S)
    collector.context.minimum_version = ssl.TLSVersion.TLSv1_3
    collector.context.verify_mode = ssl.CERT_REQUIRED
    await collector.open()
    marked = (await stage.store.ledger.marks())[AUDIT_MARK]
    await wire.run("/topic one", code)
    for _ in range(3):
        assert await job.do_round()
        assert (await stage.store.ledger.marks())[AUDIT_MARK] == marked
        assert "takes nothing" in stage.node.app.status.remarks["audit"]
    audit = stage.node.app.audit
    audit.heard(AccessRecord(1, AccessKind.CONNECTED, "", 5, "192.0.2.7", 443))
    assert await audit.send_access()
    monkeypatch.setattr(tls_stream, "SETTLE_S", 0.01)
    await collector.close()
    collector.context.verify_mode = ssl.CERT_NONE
    await collector.open()
    assert await job.do_round() is None
    assert await audit.send_access() is None
    await collector.until(lambda came: any(one.kind == "topic_changed" for one in came))
    await collector.until(lambda came: any(one.fields.get("connection") == 5 for one in came))
    assert "audit" not in stage.node.app.status.remarks


async def test_all_that_was_sent_over_a_connection_that_broke_is_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the last of it alone: a server that flaps takes some and breaks, again and again."""
    stage, collector = world
    await stage.rest()
    monkeypatch.setattr("folkmoot_server.actions.audit.AT_ONCE", 10)
    audit, sent = stage.node.app.audit, range(2000, 2090)
    for number in sent:
        audit.heard(AccessRecord(1, AccessKind.CONNECTED, "", number, "192.0.2.7", 443))
    for _ in range(5):
        monkeypatch.setattr(tls_stream, "SETTLE_S", PATIENCE_S)
        sending = asyncio.create_task(audit.send_access())
        await collector.until(lambda came: any(one.fields.get("connection") == sent[-1] for one in came))
        collector.came.clear()
        for peer in collector.peers:
            peer.transport.abort()
        assert await sending
    monkeypatch.setattr(tls_stream, "SETTLE_S", 0.01)
    assert await audit.send_access() is None
    await collector.until(lambda came: {one.fields.get("connection") for one in came} >= set(sent))


async def test_a_server_with_a_certificate_of_somebody_else_is_told_nothing(world: World, tmp_path: Path) -> None:
    stage, collector = world
    await stage.rest()
    audit = stage.node.app.audit
    await collector.close()
    (tmp_path / "other").mkdir()
    collector.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    collector.context.load_cert_chain(*make_certificate(tmp_path / "other"))
    await collector.open()
    count = len(collector.came)
    audit.heard(AccessRecord(1, AccessKind.CONNECTED, "", 1, "192.0.2.7", 443))
    assert await audit.send_access()
    assert len(collector.came) == count
    assert "certificate" in stage.node.app.status.remarks["audit"]


def hide(name: str) -> str:
    return f"h{len(name)}"


NAME = "zoe.quux"
RECORDS = [AccessRecord(1, kind, NAME, 1, "192.0.2.7", 443, f"user suspend {NAME}") for kind in AccessKind]
KINDS = {
    "group:482190673352": get_args(GroupEvent),
    f"account:{NAME}": get_args(AnyAccountEvent),
    f"case:a-@{NAME}-4": get_args(AnyCaseEvent),
    "store": get_args(AnyStoreEvent),
}
ROWS = [
    LedgerRow(7, stream, 2, 1, str(kind.__struct_config__.tag), NAME, "{}")
    for stream, kinds in KINDS.items()
    for kind in kinds
]


REQUIRED = {
    3001: ("user",),
    3002: ("user", "dst_endpoint"),
    3004: ("entity",),
    3006: ("group",),
    4001: ("dst_endpoint", "src_endpoint"),
    6003: ("actor", "api", "src_endpoint"),
}
"""What the classes of OCSF 1.3 ask for beside what all events have: what is required, and of what is asked for in the
alternative (authentication: `service` or `dst_endpoint`) what we give."""


def test_every_kind_is_an_event_of_ocsf_and_names_nobody() -> None:
    """Of all records and events there are: with the fields that the framework asks of every event."""
    told = [told_of_access(one, "nöde", hide) for one in RECORDS]
    told += [told_of_event(one, b"7 1 x 00ff\n", hide) for one in ROWS]
    for one in told:
        text = as_message(one, "ocsf")
        assert text.isascii()
        assert NAME.encode() not in text
        assert b"192.0.2.7" not in text
        event = json.loads(text)
        assert event["metadata"]["version"] == OCSF_VERSION
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["class_uid"] // 1000 == event["category_uid"]
        assert {"time", "severity_id", "class_name", "category_name"} <= event.keys()
        assert (event["activity_id"] == 99) is ("activity_name" in event)
        assert all(event.get(name) for name in REQUIRED[event["class_uid"]]), event
        for name in ("src_endpoint", "dst_endpoint", "user", "group", "entity"):
            assert name not in event or {"uid", "name"} & event[name].keys(), "one of them says which"
        # An actor is an attribute of a connection by the profile alone.
        assert (event["class_uid"] == 4001) is (event["metadata"].get("profiles") == ["host"])
    assert {one.kind for one in told} >= ACTIVITIES.keys()
    assert {json.loads(as_message(one, "plain"))["log"] for one in told} == {"access", "governance"}


def test_a_frame_counts_its_octets_and_says_nothing_that_is_no_field() -> None:
    frame = Writer("a node\n<1>").frame(1_700_000_000_123, Severity.WARNING, "k" * 40, b'{"time":1700000000123}')
    length, _, message = frame.partition(b" ")
    assert int(length) == len(message)
    found = read_message(message)
    assert (found.priority, found.kind, found.number) == (13 * 8 + 4, "k" * 32, 1)
    assert b" a_node__1_ " not in message
    assert b" a_node_<1> " in message
