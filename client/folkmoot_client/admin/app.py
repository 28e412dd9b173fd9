"""The commands `folkmoot admin NOUN VERB`, one for each row of `folkmoot_protocol.admin.registry`."""

import typer

from folkmoot_protocol.admin.registry import NOUNS

from ..terminal import _
from .command import Group, add_command
from .session import login, logout
from .watch.command import watch


def new_app(help: str, usual: str = "") -> typer.Typer:
    """Return a group of commands, of which one may be left out."""
    kind = type("Usual", (Group,), {"usual": usual}) if usual else Group
    return typer.Typer(cls=kind, help=help, no_args_is_help=not usual, rich_markup_mode=None)


admin_app = new_app(_("Administer the platform, as a named administrator."))
admin_app.command("login", help=_("Sign in once: the commands that follow need no password."))(login)
admin_app.command("logout", help=_("End the session that `login` began."))(logout)
admin_app.command("watch", help=_("Work through what is waiting for staff by keyboard, in a live view."))(watch)
for noun in NOUNS:
    app = admin_app
    if not noun.is_verb:
        app = new_app(_(noun.summary), noun.usual)
        for name in filter(None, (noun.name, noun.also)):
            admin_app.add_typer(app, name=name)
    for verb in noun.verbs:
        add_command(app, verb)
