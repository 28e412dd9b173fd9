"""Makes one file anew: the process that looks at bytes of strangers, and can do nothing else.

It is started for one file and ends with it. What it may read and write it is given open; once its libraries are loaded
it can open nothing any more, neither a file nor a socket, for it may have no further file descriptors (and where it is
root it cannot get that back either: it has not the hard limit). It has no environment and no secret in its memory.
Standard input is the file, standard output takes what came of it as JSON; the arguments are the descriptors of the file
made anew, of its small version, and of the bounds as JSON.
"""

import errno
import json
import os
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

SOURCE, ANSWER = 0, 1
NICE = 10
NOTHING = (0, 0)
FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the disk says that has no room: nothing of that is the file's fault. FFmpeg says EIO of damaged files, too."""


def limit(seconds: int, memory: int, written: int) -> None:
    """Bound what the process may take. Who talks is served first."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
    resource.setrlimit(resource.RLIMIT_CORE, NOTHING)


def close_in() -> None:
    """Let nothing be opened any more."""
    resource.setrlimit(resource.RLIMIT_NOFILE, NOTHING)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NPROC, NOTHING)


def maker_of(kind: str, bounds: dict[str, Any]) -> Callable[..., Any]:
    """Load what makes a kind of file anew; return that."""
    from . import kinds, pictures

    if kind in kinds.PICTURES:
        pictures.warm_up(kind)
        return partial(pictures.make, bounds=pictures.Bounds(**bounds["pictures"]))
    from . import films

    films.warm_up()
    # It writes the picture of a film.
    pictures.warm_up("WEBP")
    return partial(films.make, limits=films.Limits(**bounds["films"]))


def work(bounds: dict[str, Any], made_anew: int, made_small: int) -> dict[str, object]:
    """Return what came of the file: what it is now, or as `bad` why it is not taken."""
    from . import kinds, pictures

    with (
        os.fdopen(SOURCE, "rb", closefd=False) as source,
        os.fdopen(made_anew, "w+b", closefd=False) as main,
        os.fdopen(made_small, "w+b", closefd=False) as small,
    ):
        head = source.read(kinds.HEAD)
        source.seek(0)
        kind = kinds.kind_of(head)
        if kind not in kinds.PICTURES | kinds.FILMS:
            return {"bad": "markup" if kind == kinds.MARKUP else "unknown"}
        make = maker_of(kind, bounds)
        close_in()
        try:
            made = make(kind, source, main, small)
        except pictures.Bad as bad:
            return {"bad": str(bad)}
        except MemoryError:
            return {"bad": "heavy"}
        except OSError as error:
            # Pillow's own have no number.
            if error.errno in FULL:
                raise
            return {"bad": "heavy" if error.errno == errno.EFBIG else "damaged"}
        except Exception:
            # Whatever a decoder says of bytes that it does not understand.
            return {"bad": "damaged"}
        return dict(made._asdict())


def main() -> None:
    """Work, and tell what came of it."""
    made_anew, made_small, told = map(int, sys.argv[1:])
    with os.fdopen(told, "rb") as file:
        bounds = json.load(file)
    limit(bounds["seconds"], bounds["memory"], bounds["written"])
    answer = json.dumps(work(bounds, made_anew, made_small)).encode()
    os.write(ANSWER, answer)


if __name__ == "__main__":
    main()
    os._exit(0)
