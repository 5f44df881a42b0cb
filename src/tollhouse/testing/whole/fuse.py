"""The death of a process, at one boundary of what it writes.

A killed process leaves its database as its last commit left it, tells nobody, and its connections end. Between two
commits it makes no difference to the database when it dies, so there are two moments for each: right before it, when
what was done is not written yet, and right after it, when it is and nobody has heard.
"""

from __future__ import annotations

from collections.abc import Callable

from tollhouse.errors import Unavailable
from tollhouse.store.writer import SqliteStore, Waiting


class Died(BaseException):
    """What comes after it does not happen. Nobody who means errors may catch it."""


class Fuse:
    """Burns at one point of a store's life, and lets it do nothing any more.

    Attributes:
        has_burnt: it has died.
    """

    def __init__(self, point: int, on_burnt: Callable[[], None]) -> None:
        """Burn at a point: 1 is before the first commit from now on, 2 after it, 3 before the second.

        Args:
            on_burnt: told at that moment, in the store's event loop.
        """
        self.has_burnt = False
        self._left = point
        self._on_burnt = on_burnt

    def lay(self, store: SqliteStore) -> None:
        """Let it be this store that dies."""
        commit, write = store._commit, store._write

        def committing() -> None:
            self._pass()
            commit()
            self._pass()

        def writing(waiting: Waiting) -> None:
            try:
                write(waiting)
            except Died:
                self._burn(store, waiting)

        # The product has no such points: they are put around its functions here.
        store._commit, store._write = committing, writing  # type: ignore[method-assign]

    def put_out(self) -> None:
        """It will not burn any more, unless it has."""
        self._left = 0

    def _pass(self) -> None:
        self._left -= 1
        if self.has_burnt or self._left == 0:
            raise Died

    def _burn(self, store: SqliteStore, waiting: Waiting) -> None:
        store._rollback()
        store._closed = True
        for unheard in (waiting, store._waiting):
            if unheard is not None:
                # Who waits within the process is gone with it; here they have to be told.
                unheard.fail(Unavailable("the process has died"), store._owed)
        store._waiting = None
        store._owed.stop()
        if not self.has_burnt:
            self.has_burnt = True
            self._on_burnt()
