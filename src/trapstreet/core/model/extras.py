"""Libraries that are not installed with trapstreet, but with one of its extras."""

from importlib.util import find_spec

from trapstreet.core.model.errors import UnusableInput


def require(library: str, *, extra: str, to: str) -> None:
    """Raises UnusableInput unless a library is installed.

    to  what it is needed for: "read statements"
    """
    if find_spec(library) is None:
        raise UnusableInput(
            f"{library} is needed to {to}, and is not installed",
            hint=f"pip install 'trapstreet[{extra}]'",
        )
