"""Values that must not show up in a log, a traceback or a terminal by accident."""

from typing import Generic, NoReturn, TypeVar

T = TypeVar("T")


class Protected(Generic[T]):
    """Holds a value that does not print; `reveal()` is the one way to it, and easy to search for."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        return self._value

    def __repr__(self) -> str:
        return "Protected(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Protected) and bool(self._value == other._value)

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("protected values are not pickled; reveal them where they are used")
