"""The command `folkmoot`.

Each command imports what it needs when it runs, so that `folkmoot --help` is quick and a server never loads
the terminal client. Exit codes: 0 done, 1 failed, 2 usage, 3 server not reachable, 4 not found, 5 denied,
6 conflict, 7 integrity check failed.
"""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from .common.private_files import make_new_files_private
from .common.terminal import _

if TYPE_CHECKING:
    from .config.settings import Config
    from .storage.api import Store

USAGE, INTEGRITY = 2, 7
NEW_OBJECTS = 50_000
"""So many between two looks for garbage while a command starts: importing makes many objects, and all of them stay."""
CLIENT_COMMANDS = ("chat", "replay", "admin")


@cache
def client_commands() -> dict[str, Any]:
    """The client's commands by name, ready to mount."""
    from folkmoot_client.cli import admin_app, chat, replay

    app = typer.Typer(rich_markup_mode=None)
    app.command()(chat)
    app.command()(replay)
    app.add_typer(admin_app, name="admin")
    return dict(typer.main.get_group(app).commands)


class Commands(TyperGroup):
    """The server's commands and, imported when one of them is asked for, the client's."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *CLIENT_COMMANDS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in CLIENT_COMMANDS:
            return client_commands()[cmd_name]
        return super().get_command(ctx, cmd_name)


def new_app(help: str, *, add_completion: bool = False, **more: Any) -> typer.Typer:
    """A Typer group as this command line wants them."""
    return typer.Typer(
        help=help,
        no_args_is_help=True,
        add_completion=add_completion,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
        **more,
    )


app = new_app(_("Chat groups that govern themselves under the operator's rules."), add_completion=True, cls=Commands)
config_app = new_app(_("Check and print the configuration."))
db_app = new_app(_("Work on the store of a node that is not running."))
app.add_typer(config_app, name="config")
app.add_typer(db_app, name="db")

ConfigOption = Annotated[Path | None, typer.Option("--config", metavar="FILE", help=_("Configuration file."))]
ListenOption = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help=_("Address to listen on; port 0 picks a free one."))
]
DataOption = Annotated[Path | None, typer.Option("--data", metavar="DIR", help=_("Data directory."))]
ProfileOption = Annotated[
    str | None, typer.Option(metavar="regulated|open", help=_("Which defaults apply to what nobody set."))
]
KeysOption = Annotated[
    Path | None,
    typer.Option(metavar="DIRECTORY", help=_("Where the store's keys are, if not in its directory `keys`.")),
]
CheckpointsOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help=_("Checkpoints kept elsewhere, to be compared as well.")),
]
ReadyFileOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help=_("Written with the addresses once connections are accepted.")),
]


class LoadName(StrEnum):
    """The loads of `folkmoot bench`, which `bench.loads` describes."""

    BUSY = "busy"
    MANY = "many"
    LARGE = "large"
    CALM = "calm"


class OutputForm(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"


def fail(problems: list[str], code: int) -> NoReturn:
    """Prints one problem a line and ends the command."""
    for problem in problems:
        typer.echo(problem, err=True)
    raise typer.Exit(code)


def read_config(path: Path | None, **overrides: object) -> "Config":
    """The configuration of this call, or the end of it; `overrides` has keys with `__` for the dot."""
    from .config.settings import ConfigError, load_config

    try:
        return load_config(path, os.environ, {key.replace("__", "."): raw for key, raw in overrides.items()})
    except ConfigError as error:
        fail(error.problems, USAGE)


def show_version(asked: bool) -> None:
    """Prints the version and ends, when asked."""
    if asked:
        typer.echo(f"folkmoot {version('folkmoot')}")
        raise typer.Exit


@app.callback()
def root(
    asked: Annotated[
        bool, typer.Option("--version", help=_("Print the version."), callback=show_version, is_eager=True)
    ] = False,
) -> None:
    """Takes the options that stand before a command."""


@app.command(help=_("Run a node."))
def serve(
    config: ConfigOption = None,
    listen: ListenOption = None,
    data: DataOption = None,
    profile: ProfileOption = None,
    ready_file: ReadyFileOption = None,
) -> None:
    settings = read_config(config, server__listen=listen, server__data_dir=data, profile=profile)
    from .main import serve as run

    raise typer.Exit(run(settings, ready_file))


@app.command(help=_("Run a server on an empty temporary directory with a few accounts and groups in it."))
def demo(listen: ListenOption = None, ready_file: ReadyFileOption = None) -> None:
    settings = read_config(None, server__listen=listen, profile="open")
    from .demo.play import demo as run

    raise typer.Exit(run(settings, ready_file))


@app.command(help=_("Run three nodes with a PostgreSQL and a NATS of their own, all removed afterwards."))
def cluster_demo(ready_file: ReadyFileOption = None) -> None:
    from .demo.cluster import cluster_demo as run

    raise typer.Exit(run(ready_file))


@app.command(help=_("Measure a server under load, and a bare websockets.broadcast under the same load beside it."))
def bench(
    loads: Annotated[
        list[LoadName] | None, typer.Argument(help=_("What to measure: busy, many and calm if not given."))
    ] = None,
    groups: Annotated[
        int | None, typer.Option(min=1, metavar="N", help=_("Groups, in place of the load's own."))
    ] = None,
    members: Annotated[int | None, typer.Option(min=1, metavar="N", help=_("Members of each group, likewise."))] = None,
    senders: Annotated[int | None, typer.Option(min=1, metavar="N", help=_("How many members post, likewise."))] = None,
    seconds: Annotated[float, typer.Option(min=0.1, metavar="S", help=_("How long each measurement takes."))] = 5,
    output: Annotated[OutputForm, typer.Option("-o", "--output", help=_("Form of the result."))] = OutputForm.TABLE,
) -> None:
    from .bench.report import as_json, print_tables, remarks
    from .bench.run import BenchError, choose, measure

    shape = {"groups": groups, "members": members, "senders": senders}
    try:
        chosen = choose([name.value for name in loads or ()], shape)
    except ValueError as error:
        fail([str(error)], USAGE)
    try:
        with store_problems(), progress_bar(_("Measuring")) as progress:
            pairs = measure(chosen, seconds, progress)
    except BenchError as error:
        fail([str(error)], 1)
    if output is OutputForm.JSON:
        typer.echo(as_json(pairs, seconds))
    else:
        print_tables(pairs)
    for remark in remarks(pairs):
        typer.echo(remark, err=True)
    if any(one.faults for pair in pairs for one in (pair.folkmoot, pair.reference)):
        raise typer.Exit(1)


@app.command(help=_("Make the data directory, its keys and the first administrator."))
def init(
    config: ConfigOption = None,
    data: DataOption = None,
    user: Annotated[str, typer.Option(metavar="USER", help=_("User name of the administrator."))] = "admin",
) -> None:
    settings = read_config(config, server__data_dir=data)
    password = read_password()
    from .setup import init_data

    raise typer.Exit(init_data(settings, user, password))


def read_password() -> str:
    """A new password: asked for twice on a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt(_("Password"), hide_input=True, confirmation_prompt=True, err=True))
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        fail([_("No password on standard input.")], USAGE)
    return password


@config_app.command("check", help=_("Say everything that is wrong with a configuration."))
def config_check(config: ConfigOption = None) -> None:
    for path in read_config(config).exposed:
        typer.echo(_("{path}: it has secrets, and others may read it").format(path=path), err=True)
    typer.echo(_("No problems found."), err=True)


@config_app.command("show", help=_("Print the configuration in force, and where each value comes from."))
def config_show(
    config: ConfigOption = None,
    listen: ListenOption = None,
    data: DataOption = None,
    profile: ProfileOption = None,
) -> None:
    settings = read_config(config, server__listen=listen, server__data_dir=data, profile=profile)
    from .config.settings import show

    typer.echo(show(settings), nl=False)


@config_app.command("example", help=_("Print a configuration file with every setting in it."))
def config_example() -> None:
    from .config.settings import example

    typer.echo(example(), nl=False)


@config_app.command("docs", help=_("Print the page about the configuration."), hidden=True)
def config_docs() -> None:
    from .config.settings import docs

    typer.echo(docs(), nl=False)


@contextmanager
def store_problems() -> Iterator[None]:
    """Turn what storage raises into a sentence and exit code 1."""
    from .storage.change_set import StorageError

    try:
        yield
    except StorageError as error:
        fail([str(error)], 1)


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[float, float], None]]:
    """Give a function that is told (done, total) and draws it, on a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@app.command(help=_("Check an inspection bundle, without any server, by the operator's public key."))
def verify(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", exists=True, dir_okay=False, help=_("The archive."))],
    key: Annotated[
        str, typer.Option(metavar="KEY", help=_("The key that the operator publishes; otherwise the bundle's own."))
    ] = "",
    output: Annotated[OutputForm, typer.Option("-o", "--output", help=_("Form of the result."))] = OutputForm.TABLE,
) -> None:
    import json

    from .crypto.check_bundle import UNBOUND, check, visible

    with progress_bar(_("Checking")) as progress:
        checked = check(bundle.read_bytes(), key, progress)
    if output is OutputForm.JSON:
        found = [{"where": one.where, "problem": _(one.text).format(**one.values)} for one in checked.problems]
        told = {"key": checked.key, "case": checked.manifest.get("case", ""), "unbound": checked.unbound}
        typer.echo(json.dumps({"problems": found, **told}))
    if checked.problems:
        fail([one.said(_) for one in checked.problems], INTEGRITY)
    typer.echo(_("All of it is as it was signed by {key}").format(key=visible(checked.key)), err=True)
    if checked.unbound:
        typer.echo(_(UNBOUND).format(count=checked.unbound), err=True)
    if not key:
        typer.echo(_("The key is part of the bundle: compare it with the one that the operator publishes."), err=True)


def kept_checkpoints(settings: "Config", file: Path | None) -> list[str]:
    """The checkpoints in a file that somebody has kept, and those that the server has written itself."""
    from .storage.check.tools import read_copies, read_directory

    directory = settings.retention.checkpoint_dir
    return [*read_directory(Path(directory) if directory else None), *(read_copies(file) if file else ())]


@db_app.command("migrate", help=_("Bring the store to this version's schema."))
def db_migrate(config: ConfigOption = None, data: DataOption = None) -> None:
    settings = read_config(config, server__data_dir=data)
    from .storage.check.tools import migrate, migrate_cluster

    url = settings.cluster.database_url
    with store_problems():
        schema = migrate_cluster(url) if url else migrate(settings.server.data_dir)
    typer.echo(_("The store has schema {schema}, that of this version.").format(schema=schema), err=True)


@db_app.command("verify", help=_("Replay the ledger and compare it with the store."))
def db_verify(
    config: ConfigOption = None,
    data: DataOption = None,
    keys: KeysOption = None,
    checkpoints: CheckpointsOption = None,
) -> None:
    settings = read_config(config, server__data_dir=data)
    from .storage.check.tools import verify, verify_cluster

    place, url = settings.server.data_dir, settings.cluster.database_url
    with store_problems(), progress_bar(_("Replaying")) as progress:
        copies = kept_checkpoints(settings, checkpoints)
        if url:
            problems = verify_cluster(url, (keys or place / "keys") / "journal.key", progress, copies)
        else:
            problems = verify(place, progress, keys, copies)
    if problems:
        fail(problems, INTEGRITY)
    typer.echo(_("The store agrees with the ledger."), err=True)


@db_app.command("backup", help=_("Copy the store, of one instant, while the server runs or not; all but its keys."))
def db_backup(
    target: Annotated[Path, typer.Argument(metavar="DIRECTORY", help=_("Where the copy goes; the directory is made."))],
    check: Annotated[bool, typer.Option("--verify/--no-verify", help=_("Verify the copy as well."))] = True,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    settings = read_config(config, server__data_dir=data)
    from .storage.check.tools import backup, verify

    place = settings.server.data_dir
    if settings.cluster.database_url:
        fail([_("A cluster's database is backed up with pg_dump: see docs/operations.md.")], USAGE)
    with store_problems():
        with progress_bar(_("Copying")) as progress:
            done = backup(place, target, progress)
        problems = []
        if check:
            with progress_bar(_("Replaying")) as progress:
                problems = verify(target, progress, place / "keys")
    if problems:
        fail(problems, INTEGRITY)
    said = _("{files} files, {size} MiB, up to position {position} of the ledger.")
    typer.echo(said.format(files=done.files, size=-(-done.size // 2**20), position=done.position), err=True)
    typer.echo(_("Back the keys up apart, they are in {path}.").format(path=place / "keys"), err=True)


@db_app.command("restore", help=_("Put a backup in place of the store; no server may run on it."))
def db_restore(
    source: Annotated[Path, typer.Argument(metavar="DIRECTORY", help=_("The backup."))],
    config: ConfigOption = None,
    data: DataOption = None,
    keys: KeysOption = None,
    checkpoints: CheckpointsOption = None,
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help=_("Also if it does not verify, or is older than checkpoints that were kept.")),
    ] = False,
) -> None:
    settings = read_config(config, server__data_dir=data)
    from .storage.check.tools import NotSoundError, restore

    if settings.cluster.database_url:
        fail([_("A cluster's database is restored with pg_restore: see docs/operations.md.")], USAGE)
    with store_problems():
        copies = kept_checkpoints(settings, checkpoints)
        try:
            with progress_bar(_("Copying")) as progress:
                aside, problems = restore(source, settings.server.data_dir, keys, progress, copies, anyway=anyway)
        except NotSoundError as error:
            fail([*error.problems, _("Nothing was replaced. --anyway restores it all the same.")], INTEGRITY)
    if aside is not None:
        typer.echo(_("What was there is in {path}.").format(path=aside), err=True)
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        said = _("Restored all the same. Whoever keeps checkpoints must hear from you why theirs do not fit any more.")
    else:
        said = _("Restored; the store agrees with the ledger.")
    typer.echo(said, err=True)


@db_app.command("accept-loss", help=_("Go on without what was lost of the journal; the ledger says so."))
def db_accept_loss(
    reason: Annotated[str, typer.Option(metavar="TEXT", help=_("Why; it is kept with the ledger."))],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    settings = read_config(config, server__data_dir=data)
    from .common.i18n import translator
    from .storage.check.loss import accept_loss

    with store_problems():
        lost = accept_loss(settings.server.data_dir, reason, translator(settings.i18n.default_language))
    for sentence in lost or [_("Nothing is lost.")]:
        typer.echo(sentence, err=True)


@db_app.command("seed", help=_("For load tests: write groups of members with tokens straight into the store."))
def db_seed(
    groups: Annotated[int, typer.Option(min=1, metavar="N", help=_("Groups to write."))],
    members: Annotated[int, typer.Option(min=1, metavar="N", help=_("Members of each group."))],
    tokens: Annotated[
        Path,
        typer.Option(metavar="FILE", help=_("Gets a line for each member: group, member, user, token, code.")),
    ],
    channels: Annotated[int, typer.Option(min=0, metavar="N", help=_("People with a channel of their own."))] = 0,
    posts: Annotated[int, typer.Option(min=0, metavar="N", help=_("Posts of each channel."))] = 1,
    follows: Annotated[int, typer.Option(min=0, metavar="N", help=_("Channels that each member follows."))] = 0,
    followers: Annotated[int, typer.Option(min=0, metavar="N", help=_("More followers of the first channel."))] = 0,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    settings = read_config(config, server__data_dir=data)
    from .actions.event_log import take_in_all
    from .config.documents import load_documents
    from .crypto.sealing import load_key
    from .storage.check.tools import ChannelSeeds, seed, seed_cluster

    place, url = settings.server.data_dir, settings.cluster.database_url
    agreement = load_documents(place).agreement.version
    public = ChannelSeeds(channels, posts, follows, followers)

    async def then(store: "Store") -> None:
        # Else the first minutes of a load test would be about what the log has to catch up with.
        await take_in_all(store, place, settings.retention.log_origin)

    with store_problems(), progress_bar(_("Writing")) as progress:
        if url:
            key = load_key(place / "keys" / "journal.key")
            seed_cluster(url, key, groups, members, tokens, progress, agreement=agreement, channels=public, then=then)
        else:
            seed(place, groups, members, tokens, progress, agreement=agreement, channels=public, then=then)


def main() -> None:
    """The console script."""
    make_new_files_private()
    gc.set_threshold(NEW_OBJECTS)
    app(prog_name="folkmoot")


if __name__ == "__main__":
    main()
