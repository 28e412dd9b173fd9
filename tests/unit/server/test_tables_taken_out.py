"""Tables that are taken out for the authority: what people have written in them is text, whoever opens them."""

import csv
import io

import msgspec

from folkmoot_server.actions.cases.filings import as_csv
from folkmoot_server.admin.channels import as_table

FORMULA = '=HYPERLINK("https://example.org","The News")'


def test_no_cell_is_a_formula() -> None:
    filed = as_table([{"handle": "news", "name": FORMULA, "followers": -1}])
    document = {"case": "@ann-5", "about": {"name": FORMULA}, "statement": {"facts": FORMULA, "grounds": [1]}}
    reported = as_csv([msgspec.json.encode(document)])
    (row,), (other,) = csv.DictReader(io.StringIO(filed)), csv.DictReader(io.StringIO(reported))
    assert row == {"handle": "news", "name": f"'{FORMULA}", "followers": "-1"}
    assert other == {"case": "@ann-5", "about_name": f"'{FORMULA}", "facts": f"'{FORMULA}", "grounds": "[1]"}
