"""The sessions that the chat, or `folkmoot admin login`, remembers: a token per server, for their owner alone."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from folkmoot_protocol.names import fold_user_name

FILE_NAME = "sessions.json"


@dataclass(frozen=True, slots=True)
class Session:
    """Whose token it is."""

    user: str
    token: str


def default_folder() -> Path:
    """Return the folder for the chat's files, after the XDG base directory specification."""
    base = os.environ.get("XDG_CONFIG_HOME") or ""
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".config") / "folkmoot"


class SavedSessions:
    """The file of sessions in a folder. One that cannot be read counts as empty: signing in again replaces it."""

    def __init__(self, folder: Path, name: str = FILE_NAME) -> None:
        self._path = folder / name

    def find(self, server: str, user: str | None = None) -> Session | None:
        """Return the session on a server, if it is the user's."""
        found = self._read().get(server)
        if not isinstance(found, dict) or not all(isinstance(found.get(key), str) for key in ("user", "token")):
            return None
        session = Session(found["user"], found["token"])
        return session if user is None or fold_user_name(user) == session.user else None

    def save(self, server: str, session: Session) -> None:
        """Remember a session in place of an earlier one on the same server. Raises OSError."""
        self._write({**self._read(), server: {"user": session.user, "token": session.token}})

    def forget(self, server: str) -> None:
        """Forget the session on a server. Raises OSError."""
        sessions = self._read()
        if sessions.pop(server, None) is not None:
            self._write(sessions)

    def _read(self) -> dict[str, object]:
        try:
            sessions = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return sessions if isinstance(sessions, dict) else {}

    def _write(self, sessions: dict[str, object]) -> None:
        """Replace the file whole; a temporary file is made with mode 0600, so nobody else ever reads a token."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile("w", encoding="utf-8", dir=self._path.parent, delete=False) as file:
            json.dump(sessions, file, indent=2)
        os.replace(file.name, self._path)
