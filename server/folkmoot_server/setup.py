"""Making a data directory and the first administrator: what `folkmoot init` does."""

import asyncio

from folkmoot_governance import Actor, PlatformRole, Refusal
from folkmoot_governance.account_commands import GrantRole, RegisterAccount
from folkmoot_governance.likeness import speaks_for_service
from folkmoot_protocol.names import check_display_name, check_user_name

from .actions.accounts.sign_in import NAME_TAKEN
from .common.i18n import translator
from .common.logs import set_up_logging
from .common.terminal import _, say_on_stderr
from .config.settings import Config
from .crypto.passwords import check_password, prepare_password
from .main import open_node
from .node import Node
from .storage.change_set import Profile, StorageError
from .storage.changes import profile_row


async def create_administrator(config: Config, user: str, password: str) -> str | None:
    """Make the first administrator; return a sentence on why not, None when done."""
    say = translator(config.i18n.default_language)
    try:
        user = check_user_name(user)
        name = check_display_name(user)
    except ValueError as error:
        return say(str(error))
    # Whoever owns the machine may call an administrator so.
    if speaks_for_service(user):
        return say(NAME_TAKEN.text)
    prepared = prepare_password(password)
    if isinstance(prepared, Refusal):
        return say(prepared.text)
    weak = check_password(prepared)
    if weak:
        return say(weak.text, weak.detail)
    node = await open_node(config)
    node.start()
    try:
        return await register_administrator(node, Profile(user, name, "", config.i18n.default_language), prepared)
    finally:
        await node.stop()


async def register_administrator(node: Node, profile: Profile, password: str) -> str | None:
    """Store the account and its platform role."""
    say = translator(profile.language)
    password_hash = await node.passwords.hash("", password, (profile.user, profile.display_name))
    if isinstance(password_hash, Refusal):
        return say(password_hash.text, password_hash.detail)
    profile = Profile(profile.user, profile.display_name, password_hash, profile.language)
    command = RegisterAccount(profile.user, node.app.documents.agreement.version)
    refusal = await node.app.account_service.carry_out(None, command, Actor(profile.user), [profile_row(profile)])
    if refusal:
        return say(NAME_TAKEN.text)
    account = await node.accounts.load(profile.user)
    assert account is not None
    grant = GrantRole(PlatformRole.SUPERADMIN, "folkmoot init")
    # The first administrator is appointed by whoever owns the machine: an actor that is no account.
    machine = Actor("", platform=PlatformRole.SUPERADMIN)
    refusal = await node.app.account_service.carry_out(account.state, grant, machine)
    return say(refusal.text, refusal.detail) if refusal else None


def init_data(config: Config, user: str, password: str) -> int:
    """Make the data directory, its keys and the first administrator; return the exit code."""
    set_up_logging(config.server.log_level)
    try:
        problem = asyncio.run(create_administrator(config, user, password))
    except StorageError as error:
        problem = str(error)
    if problem:
        say_on_stderr(f"folkmoot: {problem}")
        return 1
    say_on_stderr(_("@{user} is an administrator of the platform now.").format(user=user))
    return 0
