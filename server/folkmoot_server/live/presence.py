"""Presence: on which nodes an account is connected, so that limits of an account hold over all of them together.

Each node tells the others how many connections an account has there, when that changes and every few seconds; what was
not repeated for a while counts no more, for that node may be dead. While the bus is away the last known picture stands.
"""

from ..bus.api import Bus
from ..bus.messages import PresenceUpdate
from ..common.clock import Clock
from ..config.settings import Limits
from .accounts import ACTS_AT_ONCE, Account, Accounts

REPEAT_S = 5
FORGET_MS = 20_000


class Presence:
    """Counts connections elsewhere and divides an account's post rate by the nodes it is on."""

    def __init__(
        self, name: str, bus: Bus, accounts: Accounts, limits: Limits, clock: Clock, *, in_cluster: bool
    ) -> None:
        self._in_cluster = in_cluster
        self._name = name
        self._bus = bus
        self._accounts = accounts
        self._limits = limits
        self._clock = clock
        # user -> node -> (connections there, when it was told)
        self._elsewhere: dict[str, dict[str, tuple[int, int]]] = {}

    def connections(self, account: Account) -> int:
        """Return how many connections the account has, over all nodes."""
        elsewhere = self._elsewhere.get(account.user)
        return account.connections + (sum(count for count, _ in elsewhere.values()) if elsewhere else 0)

    def changed(self, account: Account) -> None:
        """Tell the others, if there are any, how many connections an account has here now."""
        if not self._in_cluster:
            return
        count = account.connections
        self._bus.publish(PresenceUpdate(account.user, self._name, count, asks=True))
        if not count:
            self._elsewhere.pop(account.user, None)
        self._share(account)

    def on_bus_message(self, message: PresenceUpdate) -> None:
        """Take over what another node tells of an account that is connected here as well."""
        account = self._accounts.get(message.user)
        if message.node == self._name or account is None or not account.connections:
            return
        nodes = self._elsewhere.setdefault(message.user, {})
        if message.connections:
            nodes[message.node] = message.connections, self._clock.ticks()
        else:
            nodes.pop(message.node, None)
        self._share(account)
        if message.asks:
            self._bus.publish(PresenceUpdate(message.user, self._name, account.connections, asks=False))

    def repeat(self) -> None:
        """Tell of the accounts that are elsewhere too, and forget the nodes that no longer do."""
        if not self._bus.connected:
            return
        before = self._clock.ticks() - FORGET_MS
        for user, nodes in list(self._elsewhere.items()):
            account = self._accounts.get(user)
            if account is None or not account.connections:
                del self._elsewhere[user]
                continue
            for node in [node for node, (_, told) in nodes.items() if told < before]:
                del nodes[node]
            self._share(account)
            self._bus.publish(PresenceUpdate(user, self._name, account.connections, asks=False))

    def _share(self, account: Account) -> None:
        nodes = 1 + len(self._elsewhere.get(account.user, ()))
        if nodes == account.nodes:
            return
        rate = self._limits.posts_per_second / nodes
        account.posts.set_rate(rate, 2 * rate)
        rate = self._limits.requests_per_second / nodes
        account.requests.set_rate(rate, 2 * rate)
        rate = self._limits.acts_per_minute / 60 / nodes
        account.acts.set_rate(rate, 60 * rate / ACTS_AT_ONCE)
        account.divide(nodes)
