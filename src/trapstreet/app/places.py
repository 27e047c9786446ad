"""Where a table lies, as it is kept: absolute, and without a password."""

from pathlib import Path
from urllib.parse import urlsplit

from trapstreet.core.model.urls import without_password


def lasting(location: str) -> str:
    """The location as another command, in another folder, can use it; passwords come from the environment."""
    if "://" not in location:
        if Path(location).exists():
            return str(Path(location).absolute())
        path, mark, options = location.rpartition("?")
        return f"{Path(path).absolute()}?{options}" if mark else str(Path(location).absolute())
    parts = urlsplit(location)
    if parts.scheme == "sqlite":
        options = f"?{parts.query}" if parts.query else ""
        return f"sqlite:///{Path(parts.path.removeprefix('/')).absolute()}{options}"
    return without_password(location)
