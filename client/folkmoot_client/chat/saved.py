"""The sessions that the chat, or `folkmoot admin login`, remembers: tokens, for their owner alone.

For each server that of who was there last, and of each of the others one may go on as by name: two accounts in two
windows.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
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
        """Return the session on a server: the user's, or the last."""
        sessions = self._read()
        found = sessions.get(server)
        if user is not None and not _is_of(found, fold_user_name(user)):
            found = sessions.get(_key(server, user))
        if not isinstance(found, dict) or not all(isinstance(found.get(key), str) for key in ("user", "token")):
            return None
        return Session(found["user"], found["token"])

    def save(self, server: str, session: Session) -> None:
        """Remember a session in place of an earlier one of the same user. Raises OSError."""
        kept = {"user": session.user, "token": session.token}
        with self._alone():
            self._write({**self._read(), server: kept, _key(server, session.user): kept})

    def forget(self, server: str, user: str | None = None) -> None:
        """Forget the session on a server, the user's or the last. Raises OSError."""
        session = self.find(server, user)
        if session is None:
            return
        with self._alone():
            sessions = self._read()
            ended = [key for key in (server, _key(server, session.user)) if _is_of(sessions.get(key), session.user)]
            self._write({key: one for key, one in sessions.items() if key not in ended})

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other windows from changing the file between reading and writing it: theirs would be lost. Raises
        OSError."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _read(self) -> dict[str, object]:
        try:
            sessions = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return sessions if isinstance(sessions, dict) else {}

    def _write(self, sessions: dict[str, object]) -> None:
        """Replace the file whole; a temporary file is made with mode 0600, so nobody else ever reads a token."""
        with NamedTemporaryFile("w", encoding="utf-8", dir=self._path.parent, delete=False) as file:
            json.dump(sessions, file, indent=2)
        os.replace(file.name, self._path)


def _key(server: str, user: str) -> str:
    return f"{server} {fold_user_name(user)}"


def _is_of(kept: object, user: str) -> bool:
    return isinstance(kept, dict) and kept.get("user") == user
