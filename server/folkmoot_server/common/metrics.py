"""Figures for operators, served at /metrics in Prometheus' format."""

from collections.abc import Iterator

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class LoopCounter(Collector):
    """A counter that only the event loop adds to, many times for each post: an integer, without the library's lock."""

    def __init__(self, name: str, text: str) -> None:
        self.count = 0
        self._name, self._text = name, text
        REGISTRY.register(self)

    def collect(self) -> Iterator[Metric]:
        """Tell the registry (see prometheus_client)."""
        yield CounterMetricFamily(self._name, self._text, value=self.count)


class LoopCounters(Collector):
    """The same with one label; `counts` by its value."""

    def __init__(self, name: str, text: str, label: str) -> None:
        self.counts: dict[str, int] = {}
        self._name, self._text, self._label = name, text, label
        REGISTRY.register(self)

    def collect(self) -> Iterator[Metric]:
        """Tell the registry (see prometheus_client)."""
        family = CounterMetricFamily(self._name, self._text, labels=[self._label])
        for value, count in self.counts.items():
            family.add_metric([value], count)
        yield family


CONNECTIONS = Gauge("folkmoot_connections", "Open WebSocket connections")
ROOMS = Gauge("folkmoot_rooms", "Groups in memory")
ACCOUNTS = Gauge("folkmoot_accounts_signed_in", "Accounts with at least one connection")
REQUESTS = LoopCounters("folkmoot_requests_total", "Requests, by type", "type")
ERRORS = Counter("folkmoot_errors_total", "Requests refused or failed, by code", ["code"])
ENTRIES = LoopCounter("folkmoot_entries_total", "Entries appended to the journal")
DELIVERIES = LoopCounter("folkmoot_deliveries_total", "Entries written to connections")
LAGS = Counter("folkmoot_lag_events_total", "Times that a slow connection was told to fetch entries itself")
HOLES = Counter("folkmoot_holes_total", "Times that missing entries were read from storage")
COMMIT_SECONDS = Histogram(
    "folkmoot_commit_seconds",
    "Time of one commit, queue not counted",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
COMMITTED_WORKS = Counter("folkmoot_committed_works_total", "Works committed")
LOOP_LAG_SECONDS = Gauge("folkmoot_loop_lag_seconds", "How late the event loop ran its latest timer")
CLOCK_JUMP = Gauge(
    "folkmoot_clock_jump_seconds",
    "By how much the machine's clock is ahead of the time that was to be expected; 0 while there is no doubt",
)
STORAGE_UP = Gauge("folkmoot_storage_up", "Whether the cluster's database answered when last asked (0 or 1)")
BUS_MESSAGES = Counter("folkmoot_bus_messages_total", "Messages sent to and received from NATS", ["direction"])
BUS_DROPPED = Counter(
    "folkmoot_bus_dropped_total", "News that other nodes were not told of, because NATS was away or slow"
)
BUS_REFUSED = Counter(
    "folkmoot_bus_refused_total", "Messages of NATS that were no node's news, or not for the first time", ["reason"]
)
DUTY = Gauge("folkmoot_duty", "How a duty of the operator stands: 0 met, 1 due, 2 broken", ["duty"])
DUTY_FIGURE = Gauge("folkmoot_duty_figure", "The figure that a duty's state rests on", ["duty"])
OVERDUE = Gauge(
    "folkmoot_overdue", "Dates that are over: reports, appeals, warnings to mend, inspections, by kind", ["kind"]
)
FILINGS_UNSENT = Gauge("folkmoot_filings_unsent", "Reports of measures that were not sent to the authority yet")
FILINGS_OLDEST_SECONDS = Gauge(
    "folkmoot_filings_oldest_unsent_seconds", "How long ago the oldest measure was taken whose report is not sent"
)
JOB_FAILURES = Counter(
    "folkmoot_job_failures_total", "Rounds of a job or background loop that failed, by its name", ["job"]
)
ACCESS_LOST = Counter(
    "folkmoot_access_records_lost_total", "Records of the access log that were given up while storage failed"
)
AUDIT_SENT = Counter("folkmoot_audit_sent_total", "Messages that went to the syslog server, by log", ["log"])
AUDIT_LOST = Counter(
    "folkmoot_audit_lost_total", "Records of the access log that the syslog server was not sent, for it took nothing"
)
JOB_LAST_SUCCESS = Gauge("folkmoot_job_last_success_timestamp_seconds", "When a job's latest good round ended", ["job"])
