"""Slash commands about who comes in."""

from folkmoot_governance.group import commands as c

from ..i18n import N_
from .call import Answer, Call, Outcome


async def antiraid(call: Call, switch: str | None, duration: int | None) -> Outcome:
    """Hold off a raid, or end that; alone: say whether one is being held off."""
    if switch == "on":
        return c.SetAntiraid(duration)
    if switch == "off":
        return c.EndAntiraid()
    state = call.room.state
    until = state.antiraid_until_ms if state.holds_off_raid(call.now) else 0
    text = N_("A raid is being held off {until}.") if until else N_("No raid is being held off.")
    return Answer(call.say(text, {"until_ms": until}), {"until_ms": until})
