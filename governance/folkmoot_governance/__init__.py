"""The rules of Folkmoot: pure functions of (state, command, actor, now, policy).

Nothing here reads a clock, a socket or a table, and nothing awaits. `decide` answers a command with the
events that it causes or with a `Refusal`; `apply` is the only way a state changes. Who may do what stands
in one table, `permissions.RULES`.
"""

from .account import AccountState, account_case, apply_account, decide_account, registered, replay_account
from .actor import SERVICE, Actor, PlatformRole
from .group.apply import apply, founded, replay
from .group.decide import decide
from .group.post import check_post
from .group.state import Ban, GroupState, JoinRequest, Member, Mute, case_number
from .policy import Policy
from .refusal import Refusal
from .roles import ALL_PERMISSIONS, Permission

__all__ = [
    "ALL_PERMISSIONS",
    "SERVICE",
    "AccountState",
    "Actor",
    "Ban",
    "GroupState",
    "JoinRequest",
    "Member",
    "Mute",
    "Permission",
    "PlatformRole",
    "Policy",
    "Refusal",
    "account_case",
    "apply",
    "apply_account",
    "case_number",
    "check_post",
    "decide",
    "decide_account",
    "founded",
    "registered",
    "replay",
    "replay_account",
]
