"""Content rules for what others read besides entries: names, topics, reasons and the like (`governance.published`).

Entries take a way of their own, `actions.posts`: they alone can wait for review. Whatever else a rule would hold is
refused, to be written in other words.
"""

from collections.abc import Callable
from typing import TypeGuard

from folkmoot_governance import GroupState, Policy, Refusal
from folkmoot_governance.actor import Actor
from folkmoot_governance.content.kinds import Action
from folkmoot_governance.content.match import Verdict
from folkmoot_governance.group.commands import Command
from folkmoot_governance.published import Text, check_text, texts_of
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Role

from ..common.clock import Clock
from ..common.i18n import N_
from ..live.accounts import Account
from .group_words import GroupWords
from .rules_in_force import ContentRules


class Gate:
    """Asks content rules about texts that are no entries."""

    def __init__(self, rules: ContentRules, group_words: GroupWords, policy: Policy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._rules = rules
        self._group_words = group_words
        self.record: Callable[[str, str, Text, Verdict], None] = lambda code, user, text, verdict: None
        """Puts on record in a group (by its code) that a text of somebody's breaks a rule."""

    async def judge(self, text: Text, said: str, state: GroupState | None = None, user: str = "") -> Verdict | None:
        """Return the rule that a text breaks, None where it breaks none: as what, in which group if in one."""
        if not text.is_judged or not said:
            return None
        words = state.words if state is not None else {}
        own = await self._group_words.judge(state.code, words, said) if state is not None and words else None
        staff = state is not None and state.role_of(user) not in (Role.MEMBER, None)
        return self._rules.judge_text(said, own, staff=staff)

    async def judge_command(
        self, command: Command, state: GroupState | None, actor: Actor, now: int
    ) -> tuple[Text, Verdict] | None:
        """Return the text of a command that breaks a rule, with the rule: the first that is refused, or is flagged."""
        flagged: tuple[Text, Verdict] | None = None
        for text, said in texts_of(command, state, now):
            verdict = await self.judge(text, said, state, actor.user)
            if is_refused(verdict):
                return text, verdict
            if verdict is not None and verdict.action is Action.FLAG:
                flagged = flagged or (text, verdict)
        return flagged

    async def check_name(self, text: Text, name: str) -> Refusal | None:
        """Refuse a name for a new account, of which nothing is known yet."""
        verdict = await self.judge(text, name)
        return refused(text, verdict) if is_refused(verdict) else None

    async def check_said(
        self, text: Text, said: str, account: Account, state: GroupState | None = None
    ) -> Refusal | None:
        """Refuse a text that comes without a command to a group: for its author, or for a content rule."""
        known, now = account.state, self._clock.now_ms()
        who, since = (account.user, known.identity, account.held), known.verified_ts
        held = account.emergencies
        refusal = check_text(text, said, *who, state, now, self._policy, verified_ts=since, emergencies=held)
        if refusal is not None:
            return refusal
        verdict = await self.judge(text, said, state, account.user)
        if state is not None and verdict is not None and verdict.action is Action.FLAG:
            self.record(state.code, account.user, text, verdict)
        return refused(text, verdict) if is_refused(verdict) else None


def is_refused(verdict: Verdict | None) -> TypeGuard[Verdict]:
    """Say whether a text that is no entry is refused for what a rule says: it cannot wait for review."""
    return verdict is not None and verdict.action in (Action.HOLD, Action.REFUSE)


def refused(text: Text, verdict: Verdict) -> Refusal:
    """Return what the author of a refused text is told."""
    said = N_("This breaks content rule {rule}: choose other words.")
    detail: dict[str, object] = {"rule": verdict.rule, "severity": verdict.severity.value, "field": text.name}
    return Refusal(ErrorCode.CONTENT_REFUSED, said, {**detail, "help": "/rules"})
