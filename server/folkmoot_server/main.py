"""Running a node: what `folkmoot serve` does."""

import asyncio
import gc
import json
import resource
import signal
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path

import structlog
import uvloop

from folkmoot_protocol.errors import CloseCode

from .bus.api import LocalBus
from .common.clock import Clock
from .common.i18n import N_, translator
from .common.logs import set_up_logging
from .common.private_files import is_readable_for_others, make_private
from .common.terminal import say_on_stderr
from .config.settings import Config
from .content.rule_files import RuleFileError
from .crypto.sealing import load_key
from .doors.hooks import HookDoor
from .doors.websocket import PROTOCOLS, WS_PATH, Listener
from .http.app import make_app
from .http.media import MediaPages
from .http.server import HttpServer
from .node import Node
from .storage.api import Store
from .storage.change_set import StorageError
from .storage.sqlite.store import SqliteStore
from .storage.sqlite.whole import lost_key
from .transport.handshake import Settings
from .transport.intake import Intake, room_for
from .transport.server import BACKLOG, WebSocketServer

log = structlog.get_logger()

FEW_FILES = 10_000
SOMAXCONN = Path("/proc/sys/net/core/somaxconn")

GC_THRESHOLDS = 3000, 0, 0
"""Each collection goes one generation further than the one before, so that little is walked twice: a full one for some
9,000 new objects, 10 ms at most: it walks only what came since the last full one."""


def serve(config: Config, ready_file: Path | None) -> int:
    """Run a node until SIGTERM or SIGINT; return the exit code."""
    set_up_logging(config.server.log_level)
    raise_file_limit()
    try:
        uvloop.run(run_node(config, ready_file))
    except (StorageError, OSError, ssl.SSLError, RuleFileError) as error:
        say_on_stderr(f"folkmoot: {error}")
        return 1
    return 0


def raise_file_limit() -> None:
    """Allow as many open files, hence connections, as the system lets us; warn when that is little."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < FEW_FILES:
        log.warning("few open files are allowed, and each connection takes one", limit=hard, help="raise ulimit -n")
    if SOMAXCONN.exists() and int(SOMAXCONN.read_text()) < BACKLOG:
        log.warning(
            "connections that arrive together may be refused",
            backlog=BACKLOG,
            help=f"sysctl net.core.somaxconn={BACKLOG}",
        )


def guard_files(config: Config) -> None:
    """Keep others from what is secret; where that is not ours to do, warn."""
    open_to_others = [*config.exposed, *make_private(config.server.data_dir)]
    if config.server.tls_key is not None and is_readable_for_others(config.server.tls_key):
        open_to_others.append(config.server.tls_key)
    for path in open_to_others:
        log.warning("others may read a secret", path=str(path), help=f"chmod go= {path}")


async def open_node(config: Config) -> Node:
    """Open the store and return a node that is wired but not started. Raises StorageError."""
    guard_files(config)
    if config.cluster.nats_url:
        node = await open_cluster_node(config)
    else:
        say = translator(config.i18n.default_language)
        store = await SqliteStore.open(config.server.data_dir, say=say)
        await check_identity_key(config, store)
        node = Node(config, store, LocalBus(), Clock())
    try:
        event_log = node.app.event_log
        await event_log.check_key()
        await node.app.timekeeper.begin()
        await node.app.store_acts.note_log_key(node.store, event_log.number, str(event_log.key))
        await node.app.agreement.check()
    except BaseException:
        await node.stop()
        raise
    return node


async def open_cluster_node(config: Config) -> Node:
    """As `open_node`, on PostgreSQL and NATS."""
    try:
        from .bus.nats import NatsBus
        from .storage.postgres.lock import PostgresJobLock
        from .storage.postgres.store import PostgresStore
    except ModuleNotFoundError as error:
        raise StorageError(f"a cluster needs the extra folkmoot[cluster]: {error}") from error
    url, settings = config.cluster.database_url, config.cluster
    path = config.server.data_dir / "keys" / "journal.key"
    is_new, key = not path.exists(), load_key(path)
    clock, store = Clock(), await PostgresStore.open(url, key=key)
    try:
        if is_new and await store.ledger.latest_ts():
            path.unlink()
            raise lost_key(path)
        await check_identity_key(config, store)
        bus = await NatsBus.connect(
            settings.nats_url, settings.node_name, key=key, clock=clock, exposed=settings.is_bus_exposed
        )
    except BaseException:
        await store.close()
        raise
    return Node(config, store, bus, clock, await PostgresJobLock.open(url), key)


async def check_identity_key(config: Config, store: Store) -> None:
    """Raise StorageError, and close the store, where identities are stored and the key is not there that opens them."""
    path = config.server.data_dir / "keys" / "identity.key"
    if not path.exists() and await store.ledger.has_identities():
        await store.close()
        raise lost_key(path)


async def run_node(config: Config, ready_file: Path | None) -> None:
    """Open, serve, and stop in good order."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    node = await open_node(config)
    node.start()
    try:
        await node.app.agreement.keep()
        await node.app.content.load()
        await node.app.content.load_words(node.store.ledger)
        await node.in_force.load(node.store.ledger, node.clock)
    except (RuleFileError, StorageError):
        await node.stop()
        raise
    # What is there now stays: a collection need not walk it, and short ones delay nobody.
    gc.freeze()
    gc.callbacks.append(keep_survivors)
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        server = await start_listening(node)
        announce(node, server, ready_file)
        await stop.wait()
        await stop_listening(node, server)
    finally:
        await node.stop()


def keep_survivors(phase: str, info: Mapping[str, object]) -> None:
    """Hide what a full collection found alive from the next: see `gc.callbacks`.

    With 5,000 connections it would take 130 ms to walk them all, each time. Nothing that comes and goes may therefore
    leave a cycle of references behind: a test sees to it.
    """
    if phase == "stop" and info["generation"] == 2:
        gc.freeze()


class PageStatus:
    """What the pages tell of a node: see `http.health.Status`."""

    def __init__(self, node: Node) -> None:
        self._node = node

    @property
    def is_stopping(self) -> bool:
        return self._node.app.stopping

    @property
    def storage_answers(self) -> bool:
        return self._node.catch_up.can_read

    @property
    def storage_problem(self) -> str:
        return self._node.commit_queue.failing

    @property
    def in_cluster(self) -> bool:
        return self._node.in_cluster

    @property
    def bus_is_connected(self) -> bool:
        return self._node.bus.connected

    @property
    def failing_jobs(self) -> list[str]:
        return self._node.app.status.failing_jobs()

    @property
    def remarks(self) -> Iterable[str]:
        return [*self._node.store.damage, *self._node.app.status.remarks.values()]

    @property
    def connections(self) -> int:
        return self._node.app.status.connections()

    @property
    def rooms(self) -> int:
        return len(self._node.rooms)

    @property
    def accounts(self) -> int:
        return self._node.accounts.signed_in()


async def start_listening(node: Node) -> WebSocketServer:
    """Accept connections."""
    app, settings = node.app, node.app.config.server
    pages = make_app(
        *(app.config, app.documents, app.clock, app.store.ledger, app.policy, PageStatus(node)),
        *(app.oversight.figures, app.cases.public, app.event_log),
        MediaPages(
            *(app.media.uploads, app.media.showing, app.media.upkeep, app.media.store),
            *(app.clock, app.config.server, app.config.i18n.default_language),
        ),
        app.channels.public,
        HookDoor(app),
    )
    listener = Listener(app, node.audience, node.hub, node.presence)
    limits = app.config.limits
    sockets = Settings(limits.frame_bytes, PROTOCOLS, WS_PATH, limits.outbox_bytes)
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = room_for(files)
    server = WebSocketServer(listener, sockets, HttpServer(pages), Intake(most, listener.on_accept, listener.on_gone))
    tls = tls_context(settings.tls_certificate, settings.tls_key)
    # What is accepted in one turn, before any of it can be refused, must fit into what is kept back.
    await server.start(*settings.address, tls, backlog=min(BACKLOG, (files - most) // 2))
    return server


def tls_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Return what TLS needs, None when the node speaks plainly."""
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


def announce(node: Node, server: WebSocketServer, ready_file: Path | None) -> None:
    """Say where the node listens: on stderr for people, in the ready file for programs."""
    host, port = server.name
    shown = f"[{host}]" if ":" in host else host
    secure = "s" if node.app.config.server.tls_certificate else ""
    urls = {"ws": f"ws{secure}://{shown}:{port}/ws", "http": f"http{secure}://{shown}:{port}"}
    say = translator(node.app.config.i18n.default_language)
    say_on_stderr(say(N_("Folkmoot serves {ws}"), urls))
    public = node.app.config.server.public_url.rstrip("/")
    opened = {"http": public, "ws": f"{public.replace('http', 'ws', 1)}/ws"} if public else urls
    say_on_stderr(say(N_("Open {http}/ in a browser, or run: folkmoot chat --server {ws}"), opened))
    if ready_file is not None:
        # Last, so that who waits for it finds all that was said; renamed into place, so that nobody reads half of it.
        partial = ready_file.with_name(f"{ready_file.name}.partial")
        partial.write_text(json.dumps(urls))
        partial.rename(ready_file)


async def stop_listening(node: Node, server: WebSocketServer) -> None:
    """Stop accepting, finish what was accepted, close with 1012: clients come back, with jitter."""
    node.app.stopping = True
    log.info("stopping", connections=len(node.audience.sessions))
    await node.finish()
    # The hub writes at the end of the turn: one turn for it, then the close frames follow.
    await asyncio.sleep(0)
    await server.close(CloseCode.RESTART)
