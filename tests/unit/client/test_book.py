from folkmoot_client.sdk.book import Book, merge_group
from folkmoot_protocol import (
    Account,
    AccountEvent,
    EntryEvent,
    GroupEvent,
    Identity,
    LagEvent,
    LeftEvent,
    LeftReason,
    Role,
    SessionResult,
)
from tests.builders.entries import CODE, make_entry, make_group_view

OTHER = "591827364505"


def make_account(name: str = "Ann") -> Account:
    return Account(user="ann", display_name=name, identity=Identity.NONE, created_ts=1, badges=())


def sign_in(book: Book, **last_seqs: int) -> list[object]:
    groups = tuple(make_group_view(code[1:], role=Role.MEMBER, last_seq=last) for code, last in last_seqs.items())
    return list(book.sign_in(SessionResult(account=make_account(), token="t", groups=groups)))


def signed_in(last_seq: int = 5) -> Book:
    book = Book()
    sign_in(book, **{f"g{CODE}": last_seq})
    return book


def test_a_public_change_keeps_ones_own_fields() -> None:
    mine = make_group_view(role=Role.ADMIN, last_seq=7, muted_until_ms=9, read_seq=3)
    merged = merge_group(mine, make_group_view(name="Friends"))
    assert merged == make_group_view(name="Friends", role=Role.ADMIN, last_seq=7, muted_until_ms=9, read_seq=3)


def test_own_fields_come_together() -> None:
    mine = make_group_view(role=Role.ADMIN, last_seq=7, muted_until_ms=9)
    unmuted = make_group_view(role=Role.ADMIN, last_seq=8)
    assert merge_group(mine, unmuted) == unmuted


def test_entries_follow_from_the_last_seq_at_sign_in() -> None:
    book = signed_in(5)
    assert book.take(EntryEvent(group=CODE, entry=make_entry(5))) == []
    event = EntryEvent(group=CODE, entry=make_entry(6))
    assert book.take(event) == [event]
    assert book.cursors() == {CODE: 6}


def test_cursors_of_an_earlier_run_ask_for_what_came_since() -> None:
    book = Book({CODE: 2})
    sign_in(book, **{f"g{CODE}": 5})
    assert list(book.behind()) == [CODE]
    entries = [make_entry(seq) for seq in (3, 4, 5)]
    handed = book.fill(CODE, entries, more=False, asked=5)
    assert handed == [EntryEvent(group=CODE, entry=entry) for entry in entries]
    assert not book.behind()


def test_lag_asks_for_history() -> None:
    book = signed_in(5)
    assert book.take(LagEvent(group=CODE, from_=6, to=9)) == []
    assert book.behind()[CODE].known == 9


def test_a_reader_without_room_gets_entries_later() -> None:
    room = [False]
    book = Book(has_room=lambda: room[0])
    sign_in(book, **{f"g{CODE}": 0})
    assert book.take(EntryEvent(group=CODE, entry=make_entry(1))) == []
    room[0] = True
    assert book.take(EntryEvent(group=CODE, entry=make_entry(2))) == []
    assert len(book.fill(CODE, [make_entry(1), make_entry(2)], more=False, asked=2)) == 2


def test_signing_in_again_tells_what_changed() -> None:
    book = signed_in(5)
    events = sign_in(book, **{f"g{OTHER}": 3})
    assert events == [
        LeftEvent(group=CODE, reason=LeftReason.LEFT),
        GroupEvent(group=make_group_view(OTHER, role=Role.MEMBER, last_seq=3)),
    ]
    assert list(book.groups) == [OTHER]


def test_signing_in_again_keeps_the_cursor() -> None:
    book = signed_in(5)
    sign_in(book, **{f"g{CODE}": 8})
    assert book.behind()[CODE].cursor == 5


def test_a_server_restored_from_a_backup_sets_the_cursor_back() -> None:
    book = signed_in(5)
    sign_in(book, **{f"g{CODE}": 3})
    event = EntryEvent(group=CODE, entry=make_entry(4))
    assert book.take(event) == [event]


def test_rejoining_begins_at_the_seq_given_then() -> None:
    book = signed_in(5)
    left = LeftEvent(group=CODE, reason=LeftReason.KICKED)
    assert book.take(left) == [left]
    book.take(GroupEvent(group=make_group_view(role=Role.MEMBER, last_seq=20)))
    event = EntryEvent(group=CODE, entry=make_entry(21))
    assert book.take(event) == [event]


def test_the_result_of_a_join_does_not_undo_its_events() -> None:
    book = signed_in(0)
    book.take(GroupEvent(group=make_group_view(OTHER, role=Role.MEMBER, last_seq=4)))
    book.take(EntryEvent(group=OTHER, entry=make_entry(5)))
    book.add_group(make_group_view(OTHER, role=Role.MEMBER, last_seq=4))
    assert book.cursors()[OTHER] == 5


def test_a_refused_history_is_given_up() -> None:
    book = signed_in(5)
    book.take(LagEvent(group=CODE, from_=6, to=9))
    book.give_up(CODE)
    assert not book.behind()
    assert book.take(EntryEvent(group=CODE, entry=make_entry(10)))


def test_ones_own_account_is_kept_up_to_date() -> None:
    book = signed_in()
    book.take(AccountEvent(account=make_account("Anna")))
    assert book.account == make_account("Anna")


def test_signing_out_forgets() -> None:
    book = signed_in()
    book.sign_out()
    assert (book.account, book.groups, book.cursors()) == (None, {}, {})
