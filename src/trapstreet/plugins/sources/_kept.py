"""A connection that is made when it is needed, and made anew when it was lost."""

from collections.abc import Callable
from typing import Generic, TypeVar

from trapstreet.core.model.errors import TrapstreetError
from trapstreet.plugins._connecting import Refused
from trapstreet.plugins.sources import Changed

__all__ = ["Kept", "Refused"]

_Connection = TypeVar("_Connection")
_Answer = TypeVar("_Answer")


_NO = (Refused, Changed, FileNotFoundError, PermissionError, FileExistsError)


class Kept(Generic[_Connection]):
    """connect  makes one; raises TrapstreetError, or what `failed` knows
    close    ends one, however it is; raises nothing
    alive    whether one may still be used
    lost     what a step raises when the connection is lost; that some of it is `Refused` does not matter
    failed   what it means that one was lost
    """

    def __init__(
        self,
        connect: Callable[[], _Connection],
        *,
        close: Callable[[_Connection], None],
        alive: Callable[[_Connection], bool],
        lost: tuple[type[BaseException], ...],
        failed: Callable[[BaseException], TrapstreetError],
    ) -> None:
        self._connect, self._close, self._alive = connect, close, alive
        self._lost, self._failed = lost, failed
        self._now: _Connection | None = None

    def asked(self, step: Callable[[_Connection], _Answer]) -> _Answer:
        """What a step comes to. Raises TrapstreetError where there is no connection, or it is lost, and the
        OSErrors that are a no."""
        if self._now is not None and not self._alive(self._now):
            self.drop()
        try:
            if self._now is None:
                self._now = self._connect()
            return step(self._now)
        except (*_NO, TrapstreetError):
            raise
        except self._lost as error:
            self.drop()
            raise self._failed(error) from error

    def asked_for_object(self, step: Callable[[_Connection], _Answer]) -> _Answer:
        """As `asked`, where only OSError may be raised."""
        try:
            return self.asked(step)
        except TrapstreetError as error:
            raise OSError(error.message) from error

    def drop(self) -> None:
        if self._now is not None:
            connection, self._now = self._now, None
            self._close(connection)
