"""The vault keeps numbers so that the database alone does not tell them."""

from pathlib import Path

from msgspec.structs import replace

from folkmoot_protocol.types import Identity
from folkmoot_server.sealed.identities import Given, Vault

NUMBER = "11010519491231002X"


def test_what_was_sealed_opens_with_the_same_key_alone(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    row = vault.row("ann", Given(Identity.PERSON, NUMBER), 1)
    assert NUMBER not in row.sealed
    assert Vault(tmp_path).open(row) == NUMBER
    assert Vault(tmp_path / "other").open(row) is None


def test_a_number_is_bound_to_its_account_and_level(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    row = vault.row("ann", Given(Identity.PERSON, NUMBER), 1)
    assert vault.open(replace(row, user="bob")) is None
    assert vault.open(replace(row, identity="mobile")) is None


def test_the_same_number_has_the_same_index_under_the_same_key(tmp_path: Path) -> None:
    vault, other = Vault(tmp_path), Vault(tmp_path / "other")
    ann, bob = (vault.row(user, Given(Identity.PERSON, NUMBER), 1) for user in ("ann", "bob"))
    assert ann.blind == bob.blind
    assert ann.sealed != bob.sealed
    assert ann.blind != vault.blind(Identity.MOBILE, NUMBER)
    assert ann.blind != other.blind(Identity.PERSON, NUMBER)
