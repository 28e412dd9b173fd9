"""Which hosts a text names, however they are written."""

import pytest

from folkmoot_governance.content.links import MAX_LINKS, Link, find_links, host_key


def hosts(text: str, *, disguised: bool = False) -> list[str]:
    return [link.host for link in find_links(text, disguised=disguised)]


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
        ("a.org", Link("a.org", "", False), ""),
        ("www.a.org", Link("www.a.org", "", True), ""),
        ("https://a.org", Link("a.org", "", True), ""),
        ("a.org/join/now?x=1#y", Link("a.org", "join/now?x=1#y", True), "join"),
    ],
)
def test_a_scheme_or_a_path_makes_clear_that_a_link_is_meant(text: str, link: Link, page: str) -> None:
    assert [(one, one.page()) for one in find_links(text, disguised=False)] == [(link, page)]


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
