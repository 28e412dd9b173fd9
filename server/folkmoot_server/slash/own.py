"""Slash commands about oneself: the name in a group, what one wants to hear of, what is in force against one."""

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.account import CreditChanged
from folkmoot_governance.case.rules import reports_per_day
from folkmoot_governance.credit import next_level
from folkmoot_governance.typed import read_text
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import check_display_name
from folkmoot_protocol.types import Notify

from ..actions.accounts.credit import CREDIT_CHANGES, MAX_CHANGES, change_item
from ..common.i18n import N_, show_instant
from ..delivery.notices import notice_text, view_notice
from ..storage.api import ActFilter
from ..storage.change_set import account_stream
from .call import Call
from .outcome import Answer, Outcome


async def nick(call: Call, name: str | None) -> Outcome:
    """Carry a display name of one's own in this group; `off` takes it away. Alone: show it."""
    if name is None:
        shown = call.account.name_in(call.room.state.code)
        return Answer(call.say(N_("Your name here is {name}."), {"name": shown}), {"name": shown})
    try:
        typed = read_text(name)
        chosen = check_display_name(typed) if typed else ""
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))
    refusal = await call.app.names.check_nick(call.account, call.room, chosen)
    refusal = refusal or await call.app.own_settings.change_in_group(
        call.account, call.room, nick=chosen, nick_ts=call.now
    )
    if refusal:
        return refusal
    shown = call.account.name_in(call.room.state.code)
    return Answer(call.say(N_("Your name here is {name}."), {"name": shown}), {"nick": chosen})


async def notify(call: Call, what: str | None) -> Outcome:
    """Say which entries of this group one's clients shall call for. Alone: show that."""
    if what is None:
        settings = call.account.settings.get(call.room.state.code)
        chosen = settings.notify if settings else Notify.ON
    else:
        chosen = Notify(what)
        refusal = await call.app.own_settings.change_in_group(call.account, call.room, notify=chosen)
        if refusal:
            return refusal
    texts = {
        Notify.ON: N_("You are notified of every entry here."),
        Notify.MENTIONS: N_("You are notified when somebody mentions you here."),
        Notify.OFF: N_("You are not notified of anything here."),
    }
    return Answer(call.say(texts[chosen]), {"notify": chosen.value})


async def ignore(call: Call, user: str | None, off: str | None) -> Outcome:
    """Hide what somebody writes from oneself, or no more; without a name: list whom one ignores."""
    account = call.account
    if user is None:
        listed = sorted(account.ignored)
        return Answer(" ".join(f"@{one}" for one in listed) or call.say(N_("None.")), {"ignored": listed})
    refusal = await call.app.own_settings.ignore(account, user, is_ignored=off is None)
    if refusal:
        return refusal
    text = N_("What @{user} writes is shown to you again.") if off else N_("What @{user} writes is hidden from you.")
    return Answer(call.say(text, {"user": user}), {"user": user, "ignored": off is None})


async def notices(call: Call, before: str | None) -> Outcome:
    """List what one is told, the latest first, which then is read; `before` an id: what is older."""
    box, user = call.app.box, call.account.user
    page, more = await box.page(user, before or "")
    items = [msgspec.to_builtins(view_notice(one.notice, one.read_ts, call.say)) for one in page]
    lines = [f"{show_instant(one.notice.at)} · {notice_text(one.notice, call.say)}" for one in page]
    lines = [line if one.read_ts else call.say(NEW, {"line": line}) for line, one in zip(lines, page, strict=True)]
    # What is older than this page and was never shown stays unread.
    refusal = await box.mark_shown(user, page)
    if refusal:
        return refusal
    data: dict[str, object] = {"items": items}
    if more:
        data["before"] = page[-1].notice.id
        lines.append(call.say(N_("Older ones: {command}"), {"command": f"/notices {page[-1].notice.id}"}))
    return Answer("\n".join(lines) or call.say(N_("There are no notices for you.")), data)


NEW = N_("New: {line}")


async def credit(call: Call) -> Outcome:
    """Show one's own score, what it allows, and how it came about (G7.2)."""
    account, rules = call.account, call.app.policy.credit
    above = next_level(rules, account.credit)
    data: dict[str, object] = {"score": account.credit, "level": account.level.name}
    lines = [call.say(N_("Your credit is {score}: level {level}."), data)]
    if above:
        data["next"] = {"level": above.name, "least": above.least}
        lines.append(call.say(N_("Level {level} begins at {least}."), {"level": above.name, "least": above.least}))
    if account.state.credit < rules.start and rules.recover_per_day:
        data["recover_per_day"] = rules.recover_per_day
        text = N_("Each day without a new penalty adds {points}, up to {start}.")
        lines.append(call.say(text, {"points": rules.recover_per_day, "start": rules.start}))
    wanted = ActFilter(kinds=(CreditChanged.__struct_config__.tag,))  # type: ignore[arg-type]  # a str
    found = await call.app.store.ledger.acts(account_stream(account.user), wanted, MAX_CHANGES)
    items = [change_item(account.user, one) for one in found]
    lines += [call.say(CREDIT_CHANGES[str(item["cause"])], item) for item in items]
    quota, record = account.level.quota, await call.app.store.ledger.reporter_record(account.user, call.now)
    quota = msgspec.structs.replace(quota, reports_per_day=reports_per_day(record, quota.reports_per_day))
    data |= {"quota": msgspec.to_builtins(quota), "items": items}
    return Answer("\n".join(lines), data)
