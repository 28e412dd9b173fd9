"""Numbers in texts are said as people say them."""

import pytest

from folkmoot_governance.duration import DAY_MS, FOREVER_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from folkmoot_governance.text import NN_
from folkmoot_server.common.i18n import translator


@pytest.mark.parametrize(
    ("ms", "english", "chinese"),
    [
        (0, "0 seconds", "0 秒"),
        (1, "1 second", "1 秒"),
        (150 * SECOND_MS, "2 minutes 30 seconds", "2 分钟 30 秒"),
        (HOUR_MS, "1 hour", "1 小时"),
        (90 * MINUTE_MS, "1 hour 30 minutes", "1 小时 30 分钟"),
        (HOUR_MS - 1, "1 hour", "1 小时"),
        (2 * DAY_MS + HOUR_MS + SECOND_MS, "2 days 2 hours", "2 天 2 小时"),
        (14 * DAY_MS, "14 days", "14 天"),
        (365 * DAY_MS, "1 year", "1 年"),
        (FOREVER_MS, "permanently", "永久"),
    ],
)
def test_a_length_is_said_in_at_most_two_units(ms: int, english: str, chinese: str) -> None:
    assert translator("en")("{slow}", {"slow_ms": ms}) == english
    assert translator("zh-CN")("{slow}", {"slow_ms": ms}) == chinese


def test_one_is_said_otherwise_than_many() -> None:
    text = NN_("@{by} deleted {count} entry", "@{by} deleted {count} entries", "count")
    say = translator("en")
    assert say(text, {"by": "ann", "count": 1}) == "@ann deleted 1 entry"
    assert say(text, {"by": "ann", "count": 2}) == "@ann deleted 2 entries"
    assert translator("zh-CN")(text, {"by": "ann", "count": 1}) == "@ann 删除了 1 条消息"
