"""The commands `folkmoot admin NOUN VERB`, one for each row of `folkmoot_protocol.admin.registry`."""

import typer

from folkmoot_protocol.admin.registry import NOUNS

from ..terminal import _
from .command import add_command


def new_app(help: str) -> typer.Typer:
    """Return a group of commands."""
    return typer.Typer(help=help, no_args_is_help=True, rich_markup_mode=None)


admin_app = new_app(_("Administer the platform, as a named administrator."))
for noun in NOUNS:
    app = admin_app
    if not noun.is_verb:
        app = new_app(_(noun.summary))
        admin_app.add_typer(app, name=noun.name)
    for verb in noun.verbs:
        add_command(app, verb)
