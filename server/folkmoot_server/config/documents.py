"""The service agreement and the rules: what users accept, and what is published at /agreement and /rules (G5, G5.2).

An operator replaces the texts that come with the server by `agreement.en.md`, `agreement.zh-CN.md`, `rules.en.md` and
`rules.zh-CN.md` in `data_dir/documents`. The version is the first line's `version: …`, else the start of the hash.
"""

import hashlib
import re
from importlib.resources import files
from pathlib import Path

from msgspec import Struct

from ..common.i18n import LANGUAGES

_VERSION = re.compile(r"version:\s*(\S{1,64})", re.IGNORECASE)


class Document(Struct, frozen=True):
    """A published text in every language it has; `sha256` (hex) is over all of them."""

    version: str
    sha256: str
    texts: dict[str, str]

    def text(self, language: str) -> str:
        """Return the text in `language`, English where there is none."""
        return self.texts.get(language) or self.texts["en"]


class Documents(Struct, frozen=True):
    """What the operator publishes."""

    agreement: Document
    rules: Document


def load_documents(data_dir: Path) -> Documents:
    """Return the operator's documents, those that come with the server where there are none."""
    own = data_dir / "documents"
    return Documents(load_document("agreement", own), load_document("rules", own))


def load_document(name: str, own: Path) -> Document:
    """Return one document."""
    texts = {language: read_text(f"{name}.{language}.md", own) for language in LANGUAGES}
    whole = "\0".join(texts[language] for language in LANGUAGES)
    sha256 = hashlib.sha256(whole.encode()).hexdigest()
    first_line = texts["en"].partition("\n")[0]
    version = _VERSION.search(first_line)
    body = {language: text.partition("\n")[2].strip() if version else text for language, text in texts.items()}
    return Document(version[1] if version else sha256[:12], sha256, body)


def read_text(file: str, own: Path) -> str:
    """Return the text of a file, the operator's before the server's own."""
    path = own / file
    if path.is_file():
        return path.read_text(encoding="utf-8")
    return (files("folkmoot_server") / "texts" / file).read_text(encoding="utf-8")
