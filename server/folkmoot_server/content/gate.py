"""Content rules for what others read besides entries: names, topics, reasons and the like (`governance.published`).

Entries take a way of their own, `actions.posts`: they alone can wait for review. Whatever else a rule would hold is
refused, to be written in other words.
"""

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

    async def judge(self, text: Text, said: str, state: GroupState | None = None, user: str = "") -> Verdict | None:
        """Return the rule by which a text is refused, None where it may be said: as what, in which group if in one."""
        if not text.is_judged or not said:
            return None
        words = state.words if state is not None else {}
        own = await self._group_words.judge(state.code, words, said) if state is not None and words else None
        staff = state is not None and state.role_of(user) not in (Role.MEMBER, None)
        verdict = self._rules.judge_text(said, own, staff=staff)
        return verdict if verdict is not None and verdict.action in (Action.HOLD, Action.REFUSE) else None

    async def judge_command(
        self, command: Command, state: GroupState | None, actor: Actor, now: int
    ) -> tuple[Text, Verdict] | None:
        """Return the first text of a command that is refused, with the rule."""
        for text, said in texts_of(command, state, now):
            verdict = await self.judge(text, said, state, actor.user)
            if verdict is not None:
                return text, verdict
        return None

    async def check_name(self, text: Text, name: str) -> Refusal | None:
        """Refuse a name for a new account, of which nothing is known yet."""
        verdict = await self.judge(text, name)
        return refused(text, verdict) if verdict is not None else None

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
        return refused(text, verdict) if verdict is not None else None


def refused(text: Text, verdict: Verdict) -> Refusal:
    """Return what the author of a refused text is told."""
    said = N_("This breaks content rule {rule}: choose other words.")
    detail: dict[str, object] = {"rule": verdict.rule, "severity": verdict.severity.value, "field": text.name}
    return Refusal(ErrorCode.CONTENT_REFUSED, said, {**detail, "help": "/rules"})
