"""Posts that break content rules, over the wire: refused, held, flagged; the group's own words; files that change."""

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from tests.integration.server import PASSWORD, Server, serving
from tests.integration.test_cases import admin
from tests.integration.wire import Wire, bodies, refused

RULES = """
format = 1
name = "house"
version = "{version}"

[[rules]]
id = "casino"
kind = "term"
severity = "high"
entries = "{word}"

[[rules]]
id = "prize"
kind = "term"
severity = "medium"
entries = "prize"

[[rules]]
id = "mild"
kind = "term"
severity = "low"
entries = "darn"
"""


def write_rules(place: Path, version: str, word: str) -> None:
    (place / "rules.toml").write_text(RULES.format(version=version, word=word), "utf-8")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("content")


@pytest.fixture(scope="module")
def house(place: Path) -> Iterator[Server]:
    """A server with a rule file of its own, for all tests here."""
    write_rules(place, "1", "casino")
    settings = {"policy__content__rule_files": str(place / "rules.toml"), "limits__requests_per_second": 0}
    with serving(place, groups=40, members=3, admin="root", **settings) as server:
        yield server


class Group:
    """`ann` owns the group `code`, `bob` and `cat` are members."""

    def __init__(self, code: str, wires: list[Wire], house: Server) -> None:
        self.code = code
        self.house = house
        self.ann, self.bob, self.cat = wires

    async def queue(self) -> list[dict[str, object]]:
        """Return what ann finds in the queue."""
        items = (await self.ann.run("/queue", self.code)).data["items"]
        assert isinstance(items, list)
        return items


@pytest.fixture
async def group(house: Server) -> AsyncIterator[Group]:
    seats = house.seats.pop()
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(await house.connect(seat)) for seat in seats]
        yield Group(seats[0].code, wires, house)


async def test_a_post_is_refused_whatever_it_wears(group: Group) -> None:
    for body in ("best casino", "C\u200basino!", "ｃａｓｉｎｏ", "c.a.s.i.n.o", "саsinо"):
        error = await refused(group.bob.post(group.code, body), "content_refused", rule="casino", severity="high")
        assert "casino" in error.message
    await group.bob.post(group.code, "an ordinary post")
    assert bodies(await group.ann.history(group.code))[-1] == "an ordinary post"


async def test_slash_me_is_judged_too(group: Group) -> None:
    await refused(group.bob.run("/me loves the casino", group.code), "content_refused")


SAID = (
    "/rename The {word} club",
    "/topic all about the {word}",
    "/announce {word} tonight",
    "/setrules no {word}",
    "/question {word}? = yes | no",
    "/tag @{bob} {word}",
    "/nick {word} fan",
    "/kick @{bob} talks of the {word}",
    "/warn @{bob} talks of the {word}",
    "/mute @{bob} 10m talks of the {word}",
    "/ban @{bob} 1d talks of the {word}",
    "/delete 1 {word}",
    "/note @{bob} plays in the {word}",
    "/create {word} friends",
    "/mediate @{bob} about the {word}",
)


async def test_what_is_refused_in_a_post_is_refused_wherever_others_read_it(group: Group) -> None:
    await group.bob.post(group.code, "hello")
    for line in SAID:
        for word, rule in (("casino", "casino"), ("prize", "prize"), ("ｃａｓｉｎｏ", "casino")):
            typed = line.format(word=word, bob=group.bob.user)
            await refused(group.ann.run(typed, group.code), "content_refused", rule=rule, help="/rules")
    assert group.bob.user in {one["user"] for one in (await group.ann.run("/members", group.code)).data["members"]}


async def test_a_nick_and_an_answer_at_the_door_are_read_as_well(group: Group, house: Server) -> None:
    await group.ann.run("/word add lottery", group.code)
    for line in ("/nick casino", "/nick lottery"):
        await refused(group.bob.run(line, group.code), "content_refused", field="nick")
    await group.ann.run("/joinmode approval", group.code)
    async with await house.connect(house.seats.pop()[0]) as zoe:
        await refused(zoe.run(f"/join {group.code} from the casino", None), "content_refused", field="join_answer")
        await refused(zoe.ask(rq.JoinGroup, group=group.code, answer="a lottery"), "content_refused")
        await refused(zoe.ask(rq.CreateGroup, name="casino", topic="a"), "content_refused", field="name")
        await refused(zoe.ask(rq.CreateGroup, name="a", topic="casino"), "content_refused", field="topic")
        await zoe.ask(rq.JoinGroup, group=group.code, answer="a friend of bob")
    acts = (await group.ann.run("/log content_refused", group.code)).data["acts"]
    assert [act["text"] for act in acts] == ["join_answer", "join_answer"]


async def test_names_of_new_accounts_are_read_by_everybody(house: Server) -> None:
    async with await Wire.open(house.url) as wire:
        version = wire.hello.agreement.version
        asked = {"password": PASSWORD, "agreement": version}
        await refused(
            wire.ask(rq.Register, user="nina", display_name="Casino fan", **asked),
            "content_refused",
            field="display_name",
        )
        await refused(wire.ask(rq.Register, user="casino-nina", **asked), "content_refused", field="user_name")
        await wire.ask(rq.Register, user="nina", display_name="Nina", **asked)


async def test_a_held_post_is_posted_when_it_is_approved(group: Group) -> None:
    seq = await group.cat.post(group.code, "a question")
    await group.ann.run("/word add hold raffle", group.code)
    error = await refused(
        group.bob.post(group.code, "you won a raffle", reply_to=seq, nonce="one"), "content_held", rule="word:raffle"
    )
    again = await refused(group.bob.post(group.code, "you won a raffle", reply_to=seq, nonce="one"), "content_held")
    assert again.detail["number"] == error.detail["number"]
    (item,) = await group.queue()
    assert (item["number"], item["body"], item["rule"]) == (error.detail["number"], "you won a raffle", "word:raffle")
    assert "you won a raffle" not in bodies(await group.ann.history(group.code))
    await refused(group.bob.run("/queue", group.code), "forbidden")
    await refused(group.bob.run(f"/queue approve {item['number']}", group.code), "forbidden")
    await group.ann.run(f"/queue approve {item['number']}", group.code)
    await group.cat.until(lambda: "you won a raffle" in bodies(group.cat.entries(group.code)))
    entry = group.cat.entries(group.code)[-1]
    assert (entry.from_.user, entry.body, entry.reply_to) == (group.bob.user, "you won a raffle", seq)
    assert await group.queue() == []


async def test_a_held_post_is_turned_down_and_its_text_is_nowhere_in_clear(group: Group, house: Server) -> None:
    secret = "raffle of the seventh lantern"
    await group.ann.run("/word add hold raffle", group.code)
    error = await refused(group.bob.post(group.code, secret), "content_held")
    await group.ann.run(f"/queue deny {error.detail['number']} spam", group.code)
    assert await group.queue() == []
    await refused(group.ann.run(f"/queue approve {error.detail['number']}", group.code), "no_such_entry")
    for path in house.data.rglob("*.sqlite3*"):
        assert secret.encode() not in path.read_bytes(), path


@pytest.fixture
async def staff(house: Server) -> AsyncIterator[Wire]:
    """The administrator `root`, signed in."""
    async with await Wire.open(house.url) as wire:
        wire.session = await wire.ask(rq.Login, user="root", password=PASSWORD)
        yield wire


async def test_what_a_rule_of_the_operator_holds_the_operators_staff_releases(group: Group, staff: Wire) -> None:
    error = await refused(group.bob.post(group.code, "you won a prize", nonce="one"), "content_held", rule="prize")
    assert "staff" in error.message
    number, case = error.detail["number"], f"{group.code}-{error.detail['number']}"
    assert await group.queue() == []
    await refused(group.ann.run(f"/queue approve {number}", group.code), "forbidden")
    await refused(group.ann.run(f"/queue deny {number} no", group.code), "forbidden")
    for verb in ("list", "show", "approve", "deny"):
        await refused(admin(group.ann, "queue", verb, case, reason="r"), "forbidden")
    (item,) = (await admin(staff, "queue", "list", options={"group": group.code})).items
    assert (item["case"], item["user"], item["rule"], item["own_rule"]) == (case, group.bob.user, "prize", "")
    assert "you won" not in str(item)
    assert (await admin(staff, "queue", "show", case)).items[0]["body"] == "you won a prize"
    assert (await admin(staff, "queue", "approve", case, dry_run=True)).changed == 1
    done = await admin(staff, "queue", "approve", case)
    assert done.items[0]["state"] == "posted"
    assert bodies(await group.ann.history(group.code))[-1] == "you won a prize"
    assert "approved" in (await group.bob.event(ev.CaseEvent, state="held_released")).text
    assert (await admin(staff, "queue", "list", options={"group": group.code})).items == ()
    await refused(admin(staff, "queue", "approve", case), "no_such_entry")
    assert "root" not in (await group.ann.run("/log", group.code)).text


async def test_what_staff_turns_down_can_be_appealed_to_others_of_staff(group: Group, staff: Wire) -> None:
    error = await refused(group.bob.post(group.code, "a prize, a prize"), "content_held")
    await refused(admin(staff, "queue", "deny", f"{group.code}-{error.detail['number']}"), "bad_request")
    await admin(staff, "queue", "deny", f"{group.code}-{error.detail['number']}", reason="asks for money")
    told = await group.bob.event(ev.CaseEvent, state="held_rejected")
    assert "prize" in told.text and "asks for money" in told.text and f"/appeal {told.case}" in told.text
    appeal = (await group.bob.run(f"/appeal {told.case} it is free")).data["case"]
    await refused(admin(staff, "appeal", "approve", appeal, reason="r"), "forbidden")
    await refused(group.ann.run(f"/queue approve {appeal} yes", group.code), "no_such_entry")


async def test_what_both_hold_staff_looks_at_first(group: Group, staff: Wire) -> None:
    await group.ann.run("/word add hold tombola", group.code)
    error = await refused(group.bob.post(group.code, "prize tombola"), "content_held", rule="prize")
    case = f"{group.code}-{error.detail['number']}"
    assert await group.queue() == []
    (item,) = (await admin(staff, "queue", "list", options={"group": group.code})).items
    assert item["own_rule"] == "word:tombola"
    assert (await admin(staff, "queue", "approve", case)).items[0]["state"] == "to_admins"
    assert "prize tombola" not in bodies(await group.ann.history(group.code))
    (waits,) = await group.queue()
    assert (waits["rule"], waits["body"]) == ("word:tombola", "prize tombola")
    await refused(admin(staff, "queue", "deny", case, reason="r"), "no_such_entry")
    await group.ann.run(f"/queue approve {waits['number']}", group.code)
    assert bodies(await group.ann.history(group.code))[-1] == "prize tombola"


async def test_a_post_that_a_rule_of_the_operators_flags_is_in_the_queue_of_its_staff(
    group: Group, staff: Wire
) -> None:
    where = {"group": group.code}
    await group.ann.run("/word add flag darn", group.code)
    first = await group.bob.post(group.code, "darn it")
    gone = await group.bob.post(group.code, "darn darn")
    assert await group.queue() == [], "what the operator's rule says is for the operator's staff"
    while len(items := (await admin(staff, "queue", "list", options=where)).items) < 2:
        pass
    assert [(one["seq"], one["rule"], one["own_rule"]) for one in items] == [
        (seq, "mild", "word:darn") for seq in (first, gone)
    ]
    assert "darn" not in str([one["rule"] for one in items])
    case = items[0]["case"]
    (shown,) = (await admin(staff, "queue", "show", case)).items
    assert [one["body"] for one in shown["versions"]] == ["darn it"]
    line = f"entry remove {group.code} {first}"
    await refused(admin(staff, "queue", "deny", case, reason="r"), "conflict", help=line)
    assert (await admin(staff, "queue", "approve", case)).items[0]["state"] == "to_admins"
    (waits,) = await group.queue()
    assert (waits["seq"], waits["rule"]) == (first, "word:darn")
    await admin(staff, "entry", "remove", group.code, reason="r", options={"seqs": str(gone)})
    assert (await admin(staff, "queue", "list", options=where)).items == (), "what is removed waits for nobody"


async def test_a_flag_on_what_is_no_post_is_on_record(group: Group) -> None:
    for line in ("/topic darn it", "/nick Darn Bob"):
        await (group.ann if "topic" in line else group.bob).run(line, group.code)
    while len(acts := (await group.ann.run("/log content_flagged", group.code)).data["acts"]) < 2:
        pass
    assert {(one["text"], one["user"], one["rule"]) for one in acts} == {
        ("topic", group.ann.user, "mild"),
        ("nick", group.bob.user, "mild"),
    }
    assert "darn" not in str(acts)
    code = await group.bob.create("Darn socks")
    while not (acts := (await group.bob.run("/log content_flagged", code)).data["acts"]):
        pass
    assert [(one["text"], one["seq"]) for one in acts] == [("name", 0)]


async def test_a_flagged_post_stands_and_is_in_the_queue(group: Group) -> None:
    await group.ann.run("/word add flag tea", group.code)
    seq = await group.bob.post(group.code, "tea for two")
    waiting = await group.queue()
    (item,) = waiting
    assert (item["seq"], item["rule"], item["severity"]) == (seq, "word:tea", "medium")
    await refused(group.ann.run(f"/queue deny {item['number']}", group.code), "conflict", help=f"/delete {seq}")
    await group.ann.run(f"/queue approve {item['number']}", group.code)
    assert await group.queue() == []


async def test_words_of_the_group(group: Group) -> None:
    for line in ("/word add lottery", "/word add hold /free\\s+\\d+/", "/word add flag spam.example"):
        await group.ann.run(line, group.code)
    await refused(group.bob.post(group.code, "the l0ttery"), "content_refused", rule="word:lottery")
    await refused(group.bob.post(group.code, "free  500"), "content_held")
    await group.bob.post(group.code, "see https://spam.example/x")
    listed = (await group.ann.run("/word list", group.code)).data["items"]
    assert [(item["word"], item["verdict"]) for item in listed] == [
        ("/free\\s+\\d+/", "hold"),
        ("lottery", "refuse"),
        ("spam.example", "flag"),
    ]
    await group.ann.run("/word del lottery", group.code)
    await group.bob.post(group.code, "the lottery")
    for line in ("/word list", "/word add x y", "/word test lottery"):
        await refused(group.bob.run(line, group.code), "forbidden")
    for line in ("/word add /(/", "/word add x", "/word add", "/word add /a*/", "/word add " + "x" * 61):
        await refused(group.ann.run(line, group.code), "bad_syntax")


async def test_a_word_is_tried_before_it_is_armed(group: Group) -> None:
    for body in ("the umbrella", "nothing", "UMBRELLA!"):
        await group.bob.post(group.code, body)
    tried = await group.ann.run("/word test umbrella", group.code)
    assert tried.data["hits"] == 2
    assert [item["body"] for item in tried.data["items"]] == ["UMBRELLA!", "the umbrella"]
    await group.bob.post(group.code, "umbrella still")


async def administer(house: Server, verb: str, **fields: object) -> rs.AdminResult:
    async with await Wire.open(house.url, None) as wire:
        await wire.ask(rq.Login, user="root", password=PASSWORD)
        result: rs.AdminResult = await wire.ask(rq.Admin, noun="rule", verb=verb, **fields)
        return result


async def test_files_are_loaded_again_and_a_broken_one_changes_nothing(
    group: Group, house: Server, place: Path
) -> None:
    file = place / "rules.toml"
    write_rules(place, "2", "roulette")
    assert {item["version"] for item in (await administer(house, "reload")).items} == {"2"}
    await refused(group.bob.post(group.code, "roulette"), "content_refused")
    await group.bob.post(group.code, "casino is fine now")
    file.write_text("no rules at all", "utf-8")
    await refused(administer(house, "reload"), "bad_request")
    listed = await administer(house, "list")
    assert {item["version"] for item in listed.items} == {"2"} and listed.text
    await refused(group.bob.post(group.code, "roulette"), "content_refused")
    write_rules(place, "3", "casino")
    while {item["version"] for item in (await administer(house, "list")).items} != {"3"}:
        pass
    await refused(group.bob.post(group.code, "casino"), "content_refused")


async def test_a_rule_file_is_tried_before_it_is_armed(group: Group, house: Server) -> None:
    for body in ("a parasol", "nothing"):
        await group.bob.post(group.code, body)
    text = RULES.format(version="9", word="parasol")
    (found,) = (await administer(house, "test", target=group.code, text=text)).items
    assert (found["hits"], found["entries"], found["examples"]) == (1, 2, [])
    options = {"case": "file 7"}
    (found,) = (await administer(house, "test", target=group.code, text=text, options=options)).items
    assert (found["hits"], found["examples"][0]["body"], found["examples"][0]["rule"]) == (1, "a parasol", "casino")
    await group.bob.post(group.code, "a parasol again")
    await refused(administer(house, "test", text="nonsense"), "bad_request")


async def test_the_store_agrees_with_its_ledger_and_restarts_with_what_waits(group: Group, house: Server) -> None:
    await group.ann.run("/word add hold raffle", group.code)
    await refused(group.bob.post(group.code, "one more raffle"), "content_held")
    await group.ann.run("/word add tombola", group.code)
    assert house.terminate() == 0
    verified = house.run("db", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    house.start()
    async with await Wire.open(house.url, group.ann.token) as ann:
        items = (await ann.run("/queue", group.code)).data["items"]
        assert [item["body"] for item in items] == ["one more raffle"]
        await refused(ann.post(group.code, "tombola"), "content_refused")


async def test_staff_sets_words_for_all_groups_at_once(house: Server, group: Group) -> None:
    async with await Wire.open(house.url) as root:
        root.session = await root.ask(rq.Login, user="root", password=PASSWORD)

        async def word(verb: str, target: str | None = None, **fields: object) -> rs.AdminResult:
            result: rs.AdminResult = await root.ask(rq.Admin, noun="word", verb=verb, target=target, **fields)
            return result

        await group.bob.post(group.code, "buy snake oil")
        tried = await word("test", "snake oil", options={"group": group.code})
        assert (tried.items[0]["hits"], tried.items[0]["group"]) == (1, group.code)
        assert "snake" not in str(tried.items), "counts alone"
        await refused(word("create", "snake oil"), "bad_request", field="reason")
        await refused(word("create", "/(/", reason="case 7"), "bad_syntax")
        assert (await word("create", "snake oil", reason="case 7", dry_run=True)).changed == 1
        assert (await word("list")).items == ()
        assert (await word("create", "snake oil", reason="case 7")).changed == 1
        assert [(one["word"], one["verdict"], one["by"]) for one in (await word("list")).items] == [
            ("snake oil", "refuse", "root")
        ]
        await refused(group.bob.post(group.code, "buy s n a k e  oil"), "content_refused", rule="word:snake oil")
        await refused(group.ann.ask(rq.Admin, noun="word", verb="list"), "forbidden")
        await refused(word("delete", "snake", reason="case 8"), "no_such_entry")
        assert (await word("delete", "snake oil", reason="case 8")).changed == 1
        await group.bob.post(group.code, "buy snake oil")


async def test_to_read_what_people_wrote_takes_a_case_and_is_on_record(
    house: Server, group: Group, staff: Wire
) -> None:
    """Whoever of staff it is; a viewer learns how often, and no more."""
    await group.bob.post(group.code, "an illness")
    await group.ann.run("/joinmode invite", group.code)
    held = await refused(group.bob.post(group.code, "one more prize"), "content_held")
    case = f"{group.code}-{held.detail['number']}"
    seat = house.take_outsider()
    await admin(staff, "role", "create", seat.user, reason="r", options={"role": "viewer"})
    where = {"group": group.code}
    async with await house.connect(seat) as viv:
        for options in (where, where | {"case": ""}):
            (found,) = (await admin(viv, "word", "test", "illness", options=options)).items
            assert (found["hits"], found["examples"]) == (1, [])
        await refused(admin(viv, "word", "test", "illness", options=where | {"case": "file 7"}), "forbidden")
        await refused(admin(viv, "queue", "show", case), "forbidden")
        await refused(viv.ask(rq.GetHistory, group=group.code), "not_a_member")
    (found,) = (await admin(staff, "word", "test", "illness", options=where | {"case": "file 7"})).items
    assert found["examples"][0]["body"] == "an illness"
    (shown,) = (await admin(staff, "queue", "show", case)).items
    assert shown["body"] == "one more prize"
    reads = [(one["case"], one["what"], one["count"]) for one in read_by("root", house) if one["code"] == group.code]
    assert reads == [("file 7", "word", 1), (case, "held", 1)]


async def test_a_rule_that_is_set_later_finds_what_was_posted_before(group: Group, staff: Wire) -> None:
    first = await group.bob.post(group.code, "an old lantern")
    edited = await group.bob.post(group.code, "lanterns")
    await group.bob.ask(rq.Edit, group=group.code, seq=edited, body="candles")
    gone = await group.cat.post(group.code, "lantern lantern")
    await group.bob.post(group.code, "candles")
    await admin(staff, "word", "create", "lantern", reason="case 7", options={"verdict": "flag"})
    where = {"group": group.code, "retro": True}
    while len(items := (await admin(staff, "queue", "list", options=where)).items) < 2:
        pass
    assert [(one["case"], one["user"], one["rule"]) for one in items] == [
        (f"{group.code}:{first}", group.bob.user, "word:lantern"),
        (f"{group.code}:{gone}", group.cat.user, "word:lantern"),
    ]
    assert "lantern lantern" not in str(items)
    case = f"{group.code}:{first}"
    await refused(admin(staff, "queue", "show", case), "bad_request", field="case")
    (shown,) = (await admin(staff, "queue", "show", case, options={"case": "file 8"})).items
    assert shown["versions"][0]["body"] == "an old lantern"
    assert read_by("root", group.house)[-1]["what"] == "retro"
    await admin(staff, "entry", "remove", group.code, reason="r", options={"seqs": str(gone)})
    assert [one["case"] for one in (await admin(staff, "queue", "list", options=where)).items] == [case]
    assert (await admin(staff, "queue", "approve", case, dry_run=True)).changed == 1
    await admin(staff, "queue", "approve", case)
    assert (await admin(staff, "queue", "list", options=where)).items == ()
    await admin(staff, "word", "delete", "lantern", reason="case 7")


def read_by(user: str, house: Server) -> list[dict[str, object]]:
    """Return what the ledger has of texts that a member of staff has read."""
    found = []
    with sqlite3.connect(f"file:{house.data / 'folkmoot.sqlite3'}?mode=ro", uri=True) as main:
        wanted = "SELECT data FROM ledger WHERE type = 'texts_read' AND actor = ? ORDER BY position"
        for (data,) in main.execute(wanted, [user]):
            found.append({"code": "", "count": 1, **json.loads(data)})
    return found


async def test_a_post_that_a_rule_refused_can_be_appealed_and_is_posted_then(house: Server, group: Group) -> None:
    """As it was written, by whom; and so is one that was held and turned down."""
    async with await Wire.open(house.url) as root:
        await root.ask(rq.Login, user="root", password=PASSWORD)
        body = f"@{group.cat.user} the casino burnt down"
        await refused(group.bob.post(group.code, body), "content_refused")
        told = await group.bob.event(ev.CaseEvent, state="post_refused")
        assert "(casino)" in told.text and f"/appeal {told.case}" in told.text
        await refused(group.bob.post(group.code, "casino again"), "content_refused")
        await refused(group.cat.run(f"/appeal {told.case} for him"), "forbidden")
        appeal = (await group.bob.run(f"/appeal {told.case} it is news")).data["case"]
        await refused(group.bob.run(f"/appeal {told.case} once more"), "conflict")
        await refused(group.ann.run(f"/queue approve {appeal} yes", group.code), "no_such_entry")
        shown = (await admin(root, "appeal", "show", appeal)).items[0]["subject"]["originals"]
        assert shown[0]["versions"][0]["body"] == body
        assert (await group.queue()) == []
        await admin(root, "appeal", "approve", appeal, reason="news it is")
        assert "is posted" in (await group.bob.event(ev.CaseEvent, state="overturned")).text
        posted = (await group.ann.history(group.code))[-1]
        assert (posted.body, posted.from_.user) == (body, group.bob.user)
        assert posted.data == {"mentions": [group.cat.user]}

        await group.ann.run("/word add hold raffle", group.code)
        error = await refused(group.bob.post(group.code, "a raffle for you"), "content_held")
        await group.ann.run(f"/promote @{group.cat.user}", group.code)
        denied = (await group.ann.run(f"/queue deny {error.detail['number']} no prizes", group.code)).data["case"]
        appeal = (await group.bob.run(f"/appeal {denied} it is free", group.code)).data["case"]
        await group.ann.run(f"/mute @{group.bob.user} 1h", group.code)
        since = len(group.bob.log)
        await group.cat.run(f"/queue approve {appeal} so it is", group.code)
        assert "could not be posted" in (await group.bob.event(ev.CaseEvent, since, state="overturned")).text
        assert bodies(await group.ann.history(group.code))[-1] == body
