"""Doing something with each of several months: one that fails, as a damaged one does, does not hold up the others."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..storage.change_set import StorageError


class EachMonth:
    """What failed of the months so far: why, by the name of the month."""

    def __init__(self) -> None:
        self.failed: dict[str, StorageError] = {}

    @contextmanager
    def trying(self, month: str) -> Iterator[None]:
        """Do the block for a month; if it raises StorageError, that is kept until all are done."""
        try:
            yield
        except StorageError as error:
            self.failed.setdefault(month, error)

    def end(self) -> None:
        """Raise StorageError if one failed."""
        if self.failed:
            said = "; ".join(f"{month}: {error}" for month, error in self.failed.items())
            raise StorageError(f"not done for {said}") from next(iter(self.failed.values()))
