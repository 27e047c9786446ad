"""Where a table lies, as it is kept: one place has one name, absolute and without a password."""

from pathlib import Path
from urllib.parse import urlsplit

from trapstreet.core.model.urls import without_password
from trapstreet.plugins.tables import container_of


def lasting(location: str) -> str:
    """The location as another command, in another folder, can use it; passwords come from the environment."""
    if "://" not in location:
        if Path(location).exists():
            return _file(location)
        path, mark, options = location.rpartition("?")
        path = path if mark else location
        outer = container_of(path)
        path = _file(outer) + path.removeprefix(outer) if outer else _file(path)
        return f"{path}?{options}" if mark else path
    parts = urlsplit(location)
    if parts.scheme == "sqlite":
        options = f"?{parts.query}" if parts.query else ""
        given, whole = Path(parts.path.removeprefix("/")), Path(parts.path)
        # As tables are opened: three slashes before a whole path are meant as four.
        meant = whole if whole.exists() and not given.exists() else given
        return f"sqlite:///{_file(str(meant))}{options}"
    return without_password(location)


def same_place(one: str, other: str) -> bool:
    """Whether two locations that were kept are one place."""
    return lasting(one) == lasting(other)


def _file(path: str) -> str:
    """The path absolute and without `..`; up to the last of these symbolic links are followed, as they are
    when the file is opened, and no further: a link may stand for another file tomorrow."""
    whole = Path(path).absolute()
    if ".." not in whole.parts:
        return str(whole)
    behind = len(whole.parts) - whole.parts[::-1].index("..")
    return str(Path(*whole.parts[:behind]).resolve().joinpath(*whole.parts[behind:]))
