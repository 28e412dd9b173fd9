"""Rule files: TOML in, rule sets out. Format and sets that come with the server: docs/content-rules.md."""

import tomllib
from importlib.resources import files
from pathlib import Path

import msgspec

from folkmoot_governance.content.rules import RuleSet, check_rules

from ..common.i18n import N_, Translate

MAX_BYTES = 16 << 20
PLACE = "rules"


class RuleFileError(Exception):
    """A rule file cannot be used. `text` is a msgid, `detail` fills it."""

    def __init__(self, file: str, text: str, detail: dict[str, object]) -> None:
        super().__init__(f"{file}: {text.format_map(detail)}")
        self.file = file
        self.text = text
        self.detail = detail

    def told(self, say: Translate) -> str:
        """Return what is wrong, in a reader's language."""
        return f"{self.file}: {say(self.text, self.detail)}"


def shipped(name: str) -> Path:
    """Return the file of a rule set that comes with the server."""
    return Path(str(files("folkmoot_server"))) / PLACE / f"{name}.toml"


def find_rule_file(name: str) -> Path:
    """Return the file that a name in `policy.content.rule_files` means: a path, or a set that comes with the server."""
    return Path(name) if "/" in name or name.endswith(".toml") else shipped(name)


def load_rule_set(path: Path) -> RuleSet:
    """Read and check a rule file. Raises RuleFileError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RuleFileError(path.name, N_("a rule file has at most {limit} bytes"), {"limit": MAX_BYTES})
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleFileError(path.name, N_("it cannot be read: {error}"), {"error": str(error)}) from error
    return parse_rule_set(text, path.name)


def parse_rule_set(text: str, file: str) -> RuleSet:
    """Read and check the text of a rule file. Raises RuleFileError with the first thing that is wrong."""
    try:
        rules = msgspec.convert(tomllib.loads(text), RuleSet)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RuleFileError(file, N_("it is not a rule file: {error}"), {"error": str(error)}) from error
    for problem in check_rules(rules):
        raise RuleFileError(file, problem.text, problem.detail)
    return rules
