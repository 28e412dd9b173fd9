"""Which hosts a text names, however they are written."""

from pathlib import Path

import pytest
from hypothesis.vendor import __file__ as vendor

from folkmoot_governance.content.fold import read
from folkmoot_governance.content.links import (
    MAX_LINKS,
    NO_HOSTS,
    SURE_ENDINGS,
    WORDY_ENDINGS,
    Link,
    find_links,
    find_meant_links,
    host_key,
)
from folkmoot_governance.content.top_levels import TOP_LEVELS


def hosts(text: str, *, disguised: bool = False) -> list[str]:
    return [link.host for link in find_links(read(text), disguised=disguised)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see example.org.", ["example.org"]),
        ("hello ... world a.org", ["a.org"]),
        ("nothing here", []),
        ("one. a.org two. b.org", ["a.org", "b.org"]),
        ("a..org and http://nodots/x.y", []),
        ("(http://ann@a.org:80/x)", ["a.org"]),
        ("a . org", []),
        ("a.org,b.org;c.org", ["a.org", "b.org", "c.org"]),
        ("https://a.org,https://b.org", ["a.org", "b.org"]),
        ("a.org/@ann and a.org/x@b.org", ["a.org", "a.org"]),
        ("look at bad.example，it is good", ["bad.example"]),
        ("看bad.example吧", ["看bad.example吧", "bad.example"]),
        ("пример.рф", ["пример.рф"]),
        ("-例子.中国-", ["例子.中国"]),
        ("-a.org --b.org c.org- _d.org", ["a.org", "b.org", "c.org", "d.org"]),
        ("see...a.org..or b.org...c.org", ["a.org", "b.org", "c.org"]),
        ("and so on...com, ¿.¿ :..:", []),
        ("a.org/x;b.org", ["a.org", "b.org"]),
        ("a.org/x|b.org", ["a.org", "b.org"]),
        ("a.org/x,b.org", ["a.org", "b.org"]),
        ("john.smith@a.org", ["a.org"]),
        ("john@.a.org", ["a.org"]),
        ("/a.org //b.org/x \\c.org", ["a.org", "b.org", "c.org"]),
        ("here/a.org x/y/b.org?c.org", ["a.org", "b.org", "c.org"]),
    ],
)
def test_hosts_are_found_among_words(text: str, found: list[str]) -> None:
    assert hosts(text) == found


def test_dots_that_are_disguised_are_read_where_one_is_told_so() -> None:
    text = "a (dot) org, b . org"
    assert (hosts(text, disguised=True), hosts(text)) == (["a.org", "b.org"], [])


def test_of_a_post_with_many_links_the_first_are_looked_at() -> None:
    many = [f"n{number}.org" for number in range(MAX_LINKS + 5)]
    assert hosts(" ".join(many)) == many[:MAX_LINKS]


@pytest.mark.parametrize(
    ("text", "link", "page"),
    [
        ("a.org", Link("a.org", "", False, False, "a.org"), ""),
        ("www.a.org", Link("www.a.org", "", True, False, "www.a.org"), ""),
        ("https://a.org", Link("a.org", "", True, False, "a.org"), ""),
        ("a.org/join/now?x=1#y", Link("a.org", "join/now?x=1#y", False, True, "a.org"), "join"),
    ],
)
def test_a_link_has_what_follows_its_host(text: str, link: Link, page: str) -> None:
    assert [(one, one.page()) for one in find_links(read(text), disguised=False)] == [(link, page)]


def test_of_hosts_side_by_side_the_last_has_what_follows() -> None:
    assert find_links(read("a.org:b.org/x"), disguised=False) == [
        Link("a.org", "", marked=False, has_path=False, written="a.org"),
        Link("b.org", "x", marked=False, has_path=True, written="b.org"),
    ]


def test_a_scheme_makes_a_link_of_anything() -> None:
    [link] = find_meant_links("see ftp://localhost/x.png now")
    assert link == Link("", "localhost/x.png", marked=True, has_path=True, written="")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a.org", ""),
        ("a.org/", ""),
        ("a.org/x/y.png", "x/y.png"),
        ("a.org/x.png?size=1#top", "x.png"),
        ("a.org/x.png#top?", "x.png"),
        ("(a.org/x.png).", "x.png"),
        ("a.org/x.png)!?", "x.png"),
    ],
)
def test_a_path_ends_before_query_fragment_and_the_signs_of_the_sentence(text: str, path: str) -> None:
    assert [link.path() for link in find_links(read(text), disguised=False)] == [path]


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("example.org", "example.org"),
        ("Example.ORG", "example.org"),
        ("ｅｘample.org", "example.org"),
        ("例子.中国", "例子.中国"),
        ("臺灣.tw", "台湾.tw"),
        ("xn--fsqu00a.xn--fiqs8s", "例子.中国"),
        ("www.xn--fsqu00a.org", "www.例子.org"),
        ("xn--!.org", "xn--!.org"),
    ],
)
def test_a_host_is_known_by_one_name(host: str, key: str) -> None:
    assert host_key(host) == key


@pytest.mark.parametrize(
    "text",
    [
        "discord.gg/x",
        "/evil.com/x",
        "//discord.gg/x",
        "look/evil.com",
        "evil。com",
        "evil．com and ｅｖｉｌ.com",
        "ev\u200bil.com",
        "evil·com",
        "evil[.]com",
        "evil (dot) com",
        "еvil.соm",
        "看看evil.com谢谢",
        "EVIL.COM",
        "evil.shop",
        "t.me/x",
        "bit.ly/x",
        "https://localhost:8080/x",
        "ｈｔｔｐｓ：／／evil.example",
        "www.evil.example",
        "xn--fsqu00a.xn--fiqs8s",
        "例子.中国",
        "http://1.2.3.4/x",
        "node.js, e.g. " * 20 + "evil.com",
        "see...evil.com",
        "-evil.com",
        "Evil.shop",
        "Socket.IO is at socket.io",
        "ev\u200bil.shop",
        "İİİİ evil.shop",
    ],
)
def test_what_is_meant_as_a_link(text: str) -> None:
    assert any(find_meant_links(text))


@pytest.mark.parametrize(
    "text",
    [
        "I agree.Me too",
        "i agree.me too",
        "ASP.NET",
        "asp.net",
        "VB.NET and Socket.IO",
        "main.cc",
        "main.cc:12",
        "It ends here.Top of the list",
        "README.md, node.js/react, package.json/yarn.lock",
        "e.g./i.e., v1.2/v1.3, 1.5/2",
        "好的。ok/yes",
        "他同意。me too",
        "我去了。net 不好",
        "and so on...com",
        "use .com or .net",
        "看README.md吧",
        "evil.c0m",
        "main.cc:x.y/z",
    ],
)
def test_what_is_not_meant_as_a_link(text: str) -> None:
    assert not list(find_meant_links(text))


SURE = "example.com debian.org open.biz yandex.ru baidu.cn abc.xyz bit.ly dot.tk bbc.co.uk yahoo.co.jp naver.co.kr"
SURE_BESIDES = "pchome.com.tw 例子.中国 пример.рф"
WORDY = "php.net rust.info dot.top my.site buy.online evil.shop my.club go.vip my.link cash.app web.dev socket.io"


@pytest.mark.parametrize("host", f"{SURE} {SURE_BESIDES}".split())
def test_a_host_that_no_sentence_has_by_chance_is_a_link_however_it_is_written(host: str) -> None:
    assert any(find_meant_links(f"go to {host} now")) and any(find_meant_links(f"GO TO {host.upper()} NOW"))


@pytest.mark.parametrize("host", WORDY.split())
def test_a_host_whose_ending_is_a_word_is_a_link_if_written_small(host: str) -> None:
    name, _, ending = host.partition(".")
    assert any(find_meant_links(f"go to {host} now"))
    assert not any(find_meant_links(f"It ends at {name}.{ending.title()} of all"))


def test_all_endings_that_make_a_link_have_been_tried() -> None:
    assert {host.rpartition(".")[2] for host in f"{SURE} {SURE_BESIDES}".split()} == SURE_ENDINGS
    assert {host.rpartition(".")[2] for host in WORDY.split()} == WORDY_ENDINGS


@pytest.mark.parametrize("name", ["ADO.NET", "ASP.NET", "ML.NET", "Paint.NET", "VB.NET"])
def test_names_of_other_things_are_no_links(name: str) -> None:
    assert name.lower() in NO_HOSTS
    assert not any(find_meant_links(f"I use {name}, yes, {name.lower()}"))


def test_the_endings_are_those_of_iana() -> None:
    listed = (Path(vendor).parent / "tlds-alpha-by-domain.txt").read_text("ascii").lower().split("\n")[1:]
    assert frozenset(host_key(one) for one in listed if one) == TOP_LEVELS
    assert SURE_ENDINGS | WORDY_ENDINGS <= TOP_LEVELS
