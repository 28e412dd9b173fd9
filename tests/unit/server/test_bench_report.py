"""`folkmoot bench` without its processes: which loads are chosen, who posts, what is printed."""

import json

import pytest
from msgspec.structs import replace

from folkmoot_server.bench.generator import quantile, sender_numbers
from folkmoot_server.bench.loads import LOADS, Found, Job, Load, Place
from folkmoot_server.bench.report import as_json, remarks, title_of
from folkmoot_server.bench.run import Pair, choose
from folkmoot_server.cli import LoadName

FOUND = Found(
    connections=8,
    connects_per_s=900.0,
    posts_per_s=50.0,
    deliveries_per_s=400.0,
    p50_ms=2.0,
    p99_ms=4.0,
    server_cpu_us=3.0,
    server_cpu_share=0.9,
    generator_cpu_share=0.5,
    kib_per_connection=12.0,
    posts=300,
    deliveries=1200,
    lost=0,
    doubled=0,
    out_of_order=0,
    refused=0,
)
SLOWER = replace(FOUND, deliveries_per_s=100.0, server_cpu_us=None)
PAIR = Pair("busy", Load(2, 4, 2), FOUND, SLOWER)


def test_the_command_line_names_every_load() -> None:
    assert [name.value for name in LoadName] == list(LOADS)


def test_a_shape_replaces_what_it_names() -> None:
    assert choose(["busy"], {"groups": 3, "members": None, "senders": 2}) == {"busy": Load(3, 100, 2)}
    assert list(choose([], {})) == ["busy", "many", "calm"]


def test_more_senders_than_members_are_refused() -> None:
    with pytest.raises(ValueError, match="200 members cannot post where there are 40"):
        choose(["many"], {"groups": 4})


def test_senders_are_spread_over_the_groups() -> None:
    load = Load(groups=2, members=3, senders=3)
    places = tuple(Place(group, "") for group in range(2) for _ in range(3))
    numbers = sender_numbers(Job(url="", pid=0, load=load, seconds=1, places=places))
    assert numbers == [0, 2, None, 1, None, None]


def test_quantiles() -> None:
    values = [float(value) for value in range(100)]
    assert (quantile(values, 0.5), quantile(values, 0.99), quantile([], 0.5)) == (50.0, 99.0, 0.0)


def test_json_has_both_sides_and_their_ratio() -> None:
    (load,) = json.loads(as_json([PAIR], 5))["loads"]
    assert (load["name"], load["groups"], load["folkmoot"]["deliveries_per_s"]) == ("busy", 2, 400.0)
    assert load["ratio"]["deliveries_per_s"] == 4.0
    assert load["ratio"]["server_cpu_us"] is None


def test_titles_say_how_fast_is_posted() -> None:
    assert title_of(PAIR) == "busy: 2 × 4 members, 2 of them post as soon as their last post is back"
    calm = Pair("calm", Load(1, 9, 3, rate=20), FOUND, FOUND)
    assert title_of(calm) == "calm: 1 × 9 members, 3 of them post, 20 posts a second together"


@pytest.mark.parametrize("fault", ["lost", "doubled", "out_of_order", "refused"])
def test_what_spoils_a_run_is_said(fault: str) -> None:
    assert remarks([PAIR]) == []
    (remark,) = remarks([PAIR._replace(folkmoot=replace(FOUND, **{fault: 1}))])
    assert "do not count" in remark


def test_a_generator_without_time_to_spare_is_said() -> None:
    (remark,) = remarks([PAIR._replace(reference=replace(FOUND, generator_cpu_share=0.99))])
    assert "websockets.broadcast: the load generator" in remark
