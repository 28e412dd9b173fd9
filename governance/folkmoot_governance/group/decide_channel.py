"""Opening a channel (I7.1, P7.1, W10)."""

from collections.abc import Sequence

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import ChannelForm, JoinMode

from ..actor import Actor
from ..emergency import check_emergency
from ..measure_checks import check_power
from ..policy import Policy
from ..published import check_texts
from ..refusal import Refusal
from ..restrictions import Power
from ..text import N_
from . import commands as c
from .checks import refuse
from .events import ChannelOpened, Event
from .post import check_identity

MOST_EDITORS = 100
"""Members of a channel, who are its editors."""


def open_channel(command: c.OpenChannel, actor: Actor, now: int, policy: Policy) -> Sequence[Event] | Refusal:
    """Open a channel: a person's own, whose handle is the user name, without a review."""
    refusal = (
        check_power(actor.restrictions, Power.CREATE, now)
        or check_power(actor.restrictions, Power.POST, now)
        or check_emergency(actor.emergencies, Power.CREATE, now, category=command.category)
        or check_emergency(actor.emergencies, Power.POST, now, category=command.category)
        or check_identity(actor.identity, actor.verified_ts, now, policy)
        or check_form(command)
        or check_texts(command, None, actor, now, policy)
    )
    if refusal:
        return refusal
    opened = ChannelOpened(
        at=now,
        by=actor.user,
        code=command.code,
        name=command.name,
        category=command.category,
        topic=command.topic,
        join_mode=JoinMode.INVITE,
        member_limit=MOST_EDITORS,
        form=command.form,
        handle=command.handle,
    )
    return [opened]


def check_form(command: c.OpenChannel) -> Refusal | None:
    """Refuse what has no way to be opened yet: a public account is, after a review."""
    if command.form is ChannelForm.PUBLIC:
        text = N_("Public accounts cannot be opened here yet.")
        return refuse(ErrorCode.FORBIDDEN, text, rule="channel.form")
    return None
