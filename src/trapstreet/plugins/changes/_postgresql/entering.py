"""Who may come into a PostgreSQL database: by CONNECT, and by what event triggers on login then run."""

from functools import cache
from typing import TYPE_CHECKING, Any

from trapstreet.plugins.changes._postgresql.behind import Behind, Touched
from trapstreet.plugins.changes._postgresql.powers import held, powers_of
from trapstreet.plugins.changes._postgresql.probe import rights_on, without_entry
from trapstreet.plugins.changes._postgresql.statements import Asked, Way

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

_COMES = Asked(Way.COMPARE, comes=True, writes=False)


class Entering:
    """The way into one database; what runs there may need the rights that each has now.

    runs  whether anything does
    """

    def __init__(self, behind: Behind) -> None:
        self._behind = behind
        self.runs = bool(behind.catalogue.on_login)
        self._before: dict[str, str] = {}
        self.touched = cache(self._touched)

    def _touched(self, who: str) -> Touched:
        acting = self._behind.catalogue.groups_above([who])
        return self._behind.touched([], _COMES, acting) if self.runs else Touched()

    def outside(self, connection: "Connection", roles: list[str]) -> set[str]:
        """Those of some roles who may not come in, or for whom what runs then is not as it was at first."""
        found = {*without_entry(connection, roles)}
        for who in roles if self.runs else ():
            rights = self._rights(connection, who)
            found |= {who} if self._before.setdefault(who, rights) != rights else set()
        return found

    def _rights(self, connection: "Connection", who: str) -> str:
        touched, catalogue = self.touched(who), self._behind.catalogue
        acting = sorted(catalogue.groups_above([who]) | touched.as_others)
        rights = rights_on(connection, acting, sorted(touched.relations), sorted(touched.functions))
        return rights + held(connection, acting, powers_of(_COMES, touched, catalogue, ""), catalogue)
