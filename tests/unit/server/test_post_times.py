"""What a node knows of how new posts are: never too little for long, whatever news are lost."""

from typing import Any, cast

from folkmoot_server.common.clock import Clock
from folkmoot_server.live import channels
from folkmoot_server.live.channels import OVERLAP_MS, PostTimes


class Stored:
    """Storage that says what was posted after a time; `asked` has the times."""

    def __init__(self) -> None:
        self.posts: dict[str, tuple[int, int]] = {}
        self.asked: list[int] = []

    async def moved(self, since_ms: int) -> dict[str, tuple[int, int]]:
        self.asked.append(since_ms)
        return {code: newest for code, newest in self.posts.items() if newest[0] > since_ms}


async def test_posts_that_no_news_told_of_are_found() -> None:
    now, stored = 1_000_000, Stored()
    times = PostTimes(cast(Any, stored), Clock(lambda: now / 1000))
    times.learn({"a": now - 7, "b": now - 5})
    stored.posts = {"a": (now + 10, 4), "b": (now - 5, 2), "unknown": (now + 10, 9)}
    assert await times.look() == {"a": 4, "unknown": 9}
    assert times.known == {code: ts for code, (ts, _seq) in stored.posts.items()}
    now += 5000
    assert await times.look() == {}
    assert stored.asked == [1_000_000 - OVERLAP_MS] * 2


async def test_what_is_known_is_never_taken_back() -> None:
    times = PostTimes(cast(Any, Stored()), Clock(lambda: 1000.0))
    times.learn({"a": 10})
    times.posted("a", 12)
    times.learn({"a": 11})
    times.posted("a", 9)
    # Posted while the page was read that is learnt from now.
    times.posted("new", 5)
    times.learn({"new": 4})
    assert times.known == {"a": 12, "new": 5}


async def test_no_more_is_remembered_than_there_is_room_for(monkeypatch: Any) -> None:
    monkeypatch.setattr(channels, "KEPT", 3)
    times = PostTimes(cast(Any, Stored()), Clock(lambda: 1000.0))
    times.learn({"a": 1, "b": 2})
    times.learn({"c": 3, "d": 4})
    assert times.known == {"c": 3, "d": 4}
