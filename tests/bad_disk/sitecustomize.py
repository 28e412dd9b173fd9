"""A Python that finds this folder on its path has a disk that fails, and that is known to have lost power.

It stands between SQLite and the disk: each call that changes a file is written down, with what it changes, in the file
`log` of the folder that BAD_DISK names, before it is carried out; a file counts as synced when SQLite was told so. Who
ends the process then takes back what was never synced: see `tests/integration/disk.py`, which also says what fails, in
the file `plan`.

SQLite is the one that Python has loaded. It is asked through ctypes for its default file system, whose `xOpen` gives
out files with `xWrite`, `xTruncate` and `xSync` of ours.
"""

import _sqlite3
import ctypes
import json
import os
import sqlite3
import struct
import tempfile
import threading
import time
import traceback
from random import Random

HOME = os.environ["BAD_DISK"]
BLOCK = 4096
SQLITE_IOERR_READ, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_FULL = 266, 778, 1034, 13
LOGS = (".sqlite3-wal", ".sqlite3-journal")

pointer = ctypes.c_void_p
Open = ctypes.CFUNCTYPE(ctypes.c_int, pointer, pointer, pointer, ctypes.c_int, pointer)
Delete = ctypes.CFUNCTYPE(ctypes.c_int, pointer, ctypes.c_char_p, ctypes.c_int)
Read = ctypes.CFUNCTYPE(ctypes.c_int, pointer, pointer, ctypes.c_int, ctypes.c_int64)
Write = Read
Truncate = ctypes.CFUNCTYPE(ctypes.c_int, pointer, ctypes.c_int64)
Sync = ctypes.CFUNCTYPE(ctypes.c_int, pointer, ctypes.c_int)
FileSize = ctypes.CFUNCTYPE(ctypes.c_int, pointer, ctypes.POINTER(ctypes.c_int64))


class FileSystem(ctypes.Structure):
    """`sqlite3_vfs`, as far as it is needed here."""

    _fields_ = [
        ("version", ctypes.c_int),
        ("size_of_file", ctypes.c_int),
        ("longest_path", ctypes.c_int),
        ("next", pointer),
        ("name", ctypes.c_char_p),
        ("data", pointer),
        ("open", pointer),
        ("delete", pointer),
    ]


class Methods(ctypes.Structure):
    """`sqlite3_io_methods`: eighteen functions from version 3 on, which only grows."""

    _fields_ = [("version", ctypes.c_int)] + [
        (name, pointer)
        for name in ("close", "read", "write", "truncate", "sync", "size", *(f"_{n}" for n in range(12)))
    ]


class File(ctypes.Structure):
    """`sqlite3_file`."""

    _fields_ = [("methods", ctypes.POINTER(Methods))]


class Plan:
    """What fails: how often syncs, writes and reads of which files do, as the file `plan` says. The file `hits` gets a
    byte for each that did."""

    def __init__(self) -> None:
        self._path = os.path.join(HOME, "plan")
        self._seen = -1
        self._plan: dict[str, object] = {}
        self._random = Random(0)
        self._hits = os.open(os.path.join(HOME, "hits"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def hits(self, what: str, path: str) -> bool:
        """Say whether a call fails now."""
        seen = os.stat(self._path).st_mtime_ns
        if seen != self._seen:
            with open(self._path) as file:
                self._plan = json.load(file)
            self._random.seed(str(self._plan.get("seed", 0)))
            self._seen = seen
        hits = path.endswith(self._plan.get("of", "")) and self._random.random() < self._plan.get(what, 0)
        if hits:
            os.write(self._hits, b".")
        return hits

    @property
    def slow_s(self) -> float:
        """How long a sync takes."""
        return float(self._plan.get("slow_s", 0))


class Shim:
    """What stands between SQLite and its file system. One call at a time comes through."""

    def __init__(self, library: ctypes.CDLL) -> None:
        library.sqlite3_vfs_find.restype = ctypes.POINTER(FileSystem)
        self._system = library.sqlite3_vfs_find(None)
        self._own_open = Open(self._system.contents.open)
        self._own_delete = Delete(self._system.contents.delete)
        self._log = os.open(os.path.join(HOME, "log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._plan = Plan()
        self._lock = threading.RLock()
        self._paths: dict[int, str] = {}
        self._own: dict[int, Methods] = {}
        self._ours: dict[int, Methods] = {}
        self._deleted = 0
        self._opened = False
        # Whoever is called from C must not be collected.
        self._kept = [Open(self._open), Delete(self._delete), Write(self._write), Truncate(self._truncate)]
        self._kept += [Sync(self._sync), Read(self._read)]
        self._system.contents.open = ctypes.cast(self._kept[0], pointer).value
        self._system.contents.delete = ctypes.cast(self._kept[1], pointer).value

    def check(self) -> None:
        """Raise RuntimeError unless Python's SQLite comes through here."""
        with tempfile.NamedTemporaryFile() as file:
            sqlite3.connect(file.name).execute("SELECT * FROM sqlite_master").connection.close()
        if not self._opened:
            raise RuntimeError("Python does not use the SQLite that was found")

    def note(self, what: str, path: str, *, block: int = 0, old: bytes | None = None, name: str = "") -> None:
        """Write down what is about to happen, or has happened to a sync."""
        head = json.dumps([what, path, block, -1 if old is None else len(old), name]).encode()
        os.write(self._log, struct.pack("<I", len(head)) + head + (old or b""))

    def _open(self, system: int, name: int, file: int, flags: int, given: int) -> int:
        self._opened = True
        path = ctypes.string_at(name).decode() if name else ""
        is_ours = path.startswith(os.path.dirname(HOME)) and not path.endswith("-shm")
        with self._lock:
            if is_ours and not os.path.exists(path):
                self.note("create", path)
            code = self._own_open(system, name, file, flags, given)
            opened = ctypes.cast(file, ctypes.POINTER(File)).contents
            if is_ours and code == 0 and opened.methods:
                self._paths[file] = path
                opened.methods = ctypes.pointer(self._replaced(opened.methods))
        return code

    def _replaced(self, own: "ctypes._Pointer[Methods]") -> Methods:
        """Return methods that are ours where we want to know."""
        address = ctypes.addressof(own.contents)
        if address not in self._ours:
            ours = Methods.from_buffer_copy(own.contents)
            kept = (ctypes.cast(one, pointer).value for one in self._kept[2:])
            ours.write, ours.truncate, ours.sync, ours.read = kept
            self._ours[address] = ours
            self._own[ctypes.addressof(ours)] = own.contents
        return self._ours[address]

    def _methods(self, file: int) -> Methods:
        return self._own[ctypes.addressof(ctypes.cast(file, ctypes.POINTER(File)).contents.methods.contents)]

    def _note_blocks(self, file: int, first: int, end: int) -> None:
        """Write down what blocks hold before they are changed."""
        own, size = self._methods(file), ctypes.c_int64()
        FileSize(own.size)(file, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(BLOCK)
        for block in range(first // BLOCK, (end + BLOCK - 1) // BLOCK):
            there = max(0, min(BLOCK, size.value - block * BLOCK))
            if there:
                Read(own.read)(file, ctypes.addressof(buffer), there, block * BLOCK)
            self.note("block", self._paths[file], block=block, old=buffer.raw[:there])

    def _read(self, file: int, data: int, amount: int, offset: int) -> int:
        with self._lock:
            if self._plan.hits("read", self._paths[file]):
                return SQLITE_IOERR_READ
            own = self._methods(file)
        return Read(own.read)(file, data, amount, offset)

    def _write(self, file: int, data: int, amount: int, offset: int) -> int:
        with self._lock:
            path = self._paths[file]
            if self._plan.hits("full", path):
                return SQLITE_FULL
            self._note_blocks(file, offset, offset + amount)
            if self._plan.hits("write", path):
                Write(self._methods(file).write)(file, data, amount // 2, offset)
                return SQLITE_IOERR_WRITE
            return Write(self._methods(file).write)(file, data, amount, offset)

    def _truncate(self, file: int, size: int) -> int:
        with self._lock:
            own, now = self._methods(file), ctypes.c_int64()
            FileSize(own.size)(file, ctypes.byref(now))
            self._note_blocks(file, size, now.value)
            return Truncate(own.truncate)(file, size)

    def _sync(self, file: int, flags: int) -> int:
        with self._lock:
            path = self._paths[file]
            fails = self._plan.hits("sync", path)
            if self._plan.slow_s:
                time.sleep(self._plan.slow_s)
            self.note("failed" if fails else "synced", path)
            if not fails and path.endswith(LOGS):
                # SQLite syncs the folder of a log with its first sync.
                self.note("folder", os.path.dirname(path))
            return SQLITE_IOERR_FSYNC if fails else 0

    def _delete(self, system: int, name: bytes, sync_folder: int) -> int:
        path = name.decode()
        with self._lock:
            if path.startswith(os.path.dirname(HOME)) and os.path.exists(path):
                self._deleted += 1
                kept = os.path.join(HOME, f"deleted-{os.getpid()}-{self._deleted}")
                os.link(path, kept)
                self.note("delete", path, name=kept)
            code = self._own_delete(system, name, sync_folder)
            if sync_folder and code == 0:
                self.note("folder", os.path.dirname(path))
            return code

    def follow_python(self) -> None:
        """Know of what Python itself writes and syncs, folders among it."""
        own_pwrite, own_fsync = os.pwrite, os.fsync

        def pwrite(file: int, data: bytes, offset: int) -> int:
            path = os.readlink(f"/proc/self/fd/{file}")
            for block in range(offset // BLOCK, (offset + len(data) + BLOCK - 1) // BLOCK):
                self.note("block", path, block=block, old=os.pread(file, BLOCK, block * BLOCK))
            return own_pwrite(file, data, offset)

        def fsync(file: int) -> None:
            path = os.readlink(f"/proc/self/fd/{file}")
            own_fsync(file)
            self.note("folder" if os.path.isdir(path) else "synced", path)

        os.pwrite, os.fsync = pwrite, fsync


try:
    shim = Shim(ctypes.CDLL(getattr(_sqlite3, "__file__", None)))
    shim.check()
    shim.follow_python()
except Exception:
    # Python would go on without us, and all tests would pass.
    traceback.print_exc()
    os._exit(97)
