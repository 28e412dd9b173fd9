"""Looking through older entries by rules that were set later: a few at a time, and on from where another left off."""

from pathlib import Path

from folkmoot_server.config.settings import ContentPolicy
from folkmoot_server.content.rules_in_force import ContentRules
from folkmoot_server.jobs.retro_scan import RetroScanning
from tests.unit.server.stores import Stage, staged

RULE = """
[[rules]]
id = "{word}"
kind = "term"
severity = "medium"
entries = "{word}"
"""


def write_rules(file: Path, *words: str) -> None:
    head = 'format = 1\nname = "house"\nversion = "1"\n'
    file.write_text(head + "".join(RULE.format(word=word) for word in words), "utf-8")


class Small(RetroScanning):
    """Two entries in a round."""

    page = 2
    pages = 1


async def scan(stage: Stage, content: ContentRules) -> int:
    """Let one node after the other do a round, as if each had crashed, until all is looked through."""
    app = stage.node.app
    for rounds in range(100):
        await Small(stage.store, app.clock, content, app.account_service).do_round()
        known = await stage.store.ledger.retro_scan()
        if known is not None and not known.pending and rounds:
            return rounds
    raise AssertionError("it never comes to an end")


async def hits(stage: Stage) -> list[tuple[int, str]]:
    return [(one.seq, one.rule) for one in await stage.store.ledger.retro_hits(("", 0), 100)]


async def test_older_entries_are_looked_through_in_small_steps_by_whoever_has_the_jobs(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    write_rules(file, "candle")
    content = ContentRules(ContentPolicy(rule_files=(str(file),)))
    async with staged(tmp_path) as stage:
        seat = stage.seats[1][1]
        async with await stage.connect(seat) as wire:
            found = [await wire.post(seat.code, f"lantern {number} and a candle") for number in range(7)]
        job = Small(stage.store, stage.node.app.clock, content, stage.node.app.account_service)
        assert await job.do_round() is None, "no rules were loaded yet"
        assert await stage.store.ledger.retro_scan() is None
        await content.load()
        await content.load_words(stage.store.ledger)
        await scan(stage, content)
        assert await hits(stage) == [], "what was in force before is not asked again"
        write_rules(file, "candle", "lantern")
        await content.load()
        assert await scan(stage, content) > len(found) // Small.page
        assert await hits(stage) == [(seq, "lantern") for seq in found]
        write_rules(file, "candle")
        await content.load()
        await scan(stage, content)
        assert await hits(stage) == [], "with the rule its hits go"
