"""What of a map a log means by the names in it."""

from trapstreet.access.domain.effective import EffectiveAccess
from trapstreet.core.model.rights import FILES, Bits

_SYSTEM = {"pg_catalog", "information_schema", "pg_toast", "mysql", "performance_schema", "sys"}


class Meant:
    """The principals and resources of a map, by what logs call them."""

    def __init__(self, access: EffectiveAccess) -> None:
        self._resources = access.rights.resources
        self._named = _accounts(access)
        self._numbers = _numbers(access)
        self._places = {path[0] for path in self._numbers}

    def principals(self, account: str) -> Bits:
        """Those that an account in a log may be; 0 for none."""
        return self._named.get(account, 0)

    def resources(self, path: tuple[str, ...]) -> list[int]:
        """The numbers of those that something used may be in; none where the map has it not."""
        return self._numbers.get(path) or self._of_file(path)

    def was_there(self, path: tuple[str, ...]) -> bool:
        """Whether something used that the map has not lay where the map has other things: it is gone since.
        The server's own tables and folders themselves are no such things."""
        if ("/".join(path),) in self._numbers:  # a folder
            return False
        return path[:1] != () and path[0] in self._places and not _SYSTEM.intersection(path[:-1])

    def _of_file(self, path: tuple[str, ...]) -> list[int]:
        """The resources that a file is in; all of its folder that may have it where their files' names are
        not known."""
        folder, name = _folder_and_name(path)
        resources = self._resources
        there = [n for n in self._numbers.get((folder,), ()) if resources[n].kind == FILES]
        return [n for n in there if name in resources[n].names] or [
            n for n in there if not resources[n].names
        ]


def _accounts(access: EffectiveAccess) -> dict[str, Bits]:
    """The principals that an account in a log may be: a MariaDB log names the user without the host."""
    named: dict[str, Bits] = {}
    by_user = access.rights.edition.startswith("MariaDB")
    for number, each in enumerate(access.rights.principals):
        names = {each.name, each.name.rpartition("@")[0]} if by_user else {each.name}
        for name in names - {""}:
            named[name] = named.get(name, 0) | 1 << number
    return named


def _numbers(access: EffectiveAccess) -> dict[tuple[str, ...], list[int]]:
    """The numbers of resources by path; those of files by their folder, too."""
    found: dict[tuple[str, ...], list[int]] = {}
    for number, each in enumerate(access.rights.resources):
        found.setdefault(each.path, []).append(number)
        if each.kind == FILES:
            found.setdefault(each.path[:1], []).append(number)
    return found


def _folder_and_name(path: tuple[str, ...]) -> tuple[str, str]:
    if len(path) == 2:
        return path[0], path[1]
    folder, _, name = path[0].rpartition("/") if path else ("", "", "")
    return folder or "/", name
