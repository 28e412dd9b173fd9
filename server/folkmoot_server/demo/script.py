"""What the demo's people are called, found and say. Names, talk and topics are theirs, so they are not translated."""

from typing import NamedTuple

from folkmoot_protocol.types import JoinMode

PASSWORD = "let-me-look-around"  # noqa: S105 - printed for everyone who starts the demo
ADMINISTRATOR = "admin"


class Person(NamedTuple):
    """An account of the demo."""

    user: str
    display_name: str
    language: str


class Line(NamedTuple):
    """One line typed into a group: a message or a slash command. `reply`: it answers the message before it."""

    user: str
    text: str
    reply: bool = False


class Scene(NamedTuple):
    """A group and its history: who founds it, who comes in, what is said, and who still waits to come in."""

    owner: str
    name: str
    topic: str
    join_mode: JoinMode
    members: tuple[str, ...]
    lines: tuple[Line, ...]
    asking: tuple[str, ...] = ()


PEOPLE = (
    Person("ada", "Ada", "en"),
    Person("ben", "Ben", "en"),
    Person("max", "Max", "en"),
    Person("lin", "小林", "zh-CN"),
    Person("mei", "阿梅", "zh-CN"),
    Person("dawei", "大伟", "zh-CN"),
)

GARDEN = Scene(
    owner="ada",
    name="Seed Swap Garden",
    topic="What's sprouting, what's spare. Swap table every first Saturday.",
    join_mode=JoinMode.OPEN,
    members=("ben", "max", "mei"),
    lines=(
        Line("ada", "Welcome! Put down what you have to spare and what you are looking for."),
        Line("ben", "I have about forty black cherry tomato seedlings. Far too many for one balcony."),
        Line("ada", "I'll take six! I can offer basil and a bag of worm compost.", reply=True),
        Line("ada", "/promote @ben delete mute kick slow topic"),
        Line("ada", "Ben looks after the table on Saturdays, so he is an admin here now."),
        Line("ben", "/me waters the seedlings with new dignity"),
        Line("mei", "Hello from the third floor. Does anyone have garlic chives? I can give coriander."),
        Line("ben", "Plenty by the fence. Come and dig some up.", reply=True),
        Line("max", "CHEAP WATCHES!!! write me now, only today"),
        Line("ben", "/delete advertising", reply=True),
        Line("max", "CHEAP WATCHES!!! last chance"),
        Line("ben", "/mute @max 7d advertising after the first one was deleted"),
        Line("mei", "Thank you. Where were we? Chives."),
        Line("ada", "Slugs got my lettuce again. What works for you, besides going out with a torch?"),
        Line("ben", "Beer traps, and a board to lift every morning. The hedgehog does the rest."),
        Line("mei", "Copper tape around the pots. Two years without losing one."),
        Line("ada", "Copper it is. See you all on Saturday at ten!"),
    ),
)

RIDE = Scene(
    owner="lin",
    name="周末骑行",
    topic="本周路线：滨河绿道往返，约 46 公里。周六早上七点半东门集合。",
    join_mode=JoinMode.OPEN,
    members=("mei", "dawei"),
    lines=(
        Line("lin", "大家好，新开了个群，周末一起骑车。想来的先报个到。"),
        Line("mei", "报到！我的车刚换了新链条，正想试试。"),
        Line("dawei", "报到。我骑得慢，会不会拖后腿？"),
        Line("lin", "不会，每五公里停一次，等齐了再走。", reply=True),
        Line("lin", "/设管理 @mei"),
        Line("lin", "阿梅带队尾，我带队头，她也是管理员了。"),
        Line("mei", "那我说一句：头盔必须戴，前后灯检查一下。"),
        Line("dawei", "灯的电池我有多的，谁要？"),
        Line("mei", "给我留两节，谢谢！", reply=True),
        Line("lin", "天气预报说周六多云，18 到 24 度，东南风三级，正好。"),
        Line("dawei", "回来顺路吃碗面？绿道口那家开到下午两点。"),
        Line("mei", "同意。我先去占位子，你们慢慢骑。"),
        Line("lin", "/topic 本周路线：滨河绿道往返，约 46 公里。周六早上七点半东门集合，骑完吃面。"),
        Line("lin", "就这么定了，周六见！"),
    ),
)

NEWS = Scene(
    owner="mei",
    name="House news · 楼里通知",
    topic="Only owner and admins post here. 仅群主和管理员可以发言。",
    join_mode=JoinMode.APPROVAL,
    members=("ada", "lin"),
    lines=(
        Line("mei", "/promote @ada"),
        Line("mei", "/lock perm"),
        Line("mei", "The water is off on Thursday from 9 to 11. 周四 9 点至 11 点停水，请提前备水。"),
        Line("ada", "The workshop has a new drill. Please put it back charged. 工具间添了新电钻，用完请充电。"),
        Line("mei", "Bicycles may not stand in the stairwell. 楼道内禁止停放自行车，请停到车棚。"),
    ),
    asking=("max",),
)

SCENES = (GARDEN, RIDE, NEWS)
