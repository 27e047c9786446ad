"""Which rights a use of MariaDB may need: whose they are, and what they are on."""

from collections.abc import Iterable, Sequence

from trapstreet.core.model.changes import MEMBERSHIP, Change, Key
from trapstreet.plugins._mariadb_patterns import fits, is_wild
from trapstreet.plugins.changes._mariadb.catalogue import Touched, folded
from trapstreet.plugins.changes._mariadb.rights import EVERYTHING, REMOVABLE
from trapstreet.plugins.changes._mariadb.standing import SERVER, Standing

_WRITES = ("INSERT", "UPDATE", "DELETE")


class Nearness:
    """Which changes may matter to what: by who holds the rights, and on what."""

    def __init__(self, changes: Sequence[Change], there: Standing) -> None:
        self._there = there
        self._of: dict[str, list[Change]] = {}
        for each in changes:
            self._of.setdefault(each.of, []).append(each)
        self._memberships = {each.key for each in changes if each.kind == MEMBERSHIP}
        everywhere: dict[str, set[str]] = {}
        for given in there.given:
            if given.level == SERVER:
                everywhere.setdefault(given.holder.name, set()).add(given.right)
        self._need_no_role = {who for who, has in everywhere.items() if has.issuperset(REMOVABLE[SERVER])}

    def of(
        self, acting: Iterable[str], touched: Touched, database: str, words: frozenset[str] = frozenset()
    ) -> frozenset[Key]:
        """Those of rights that some may have used on what was touched.

        database  in which they were
        words     where nobody can say what was touched: folded, names of what it may be
        """
        schemas = touched.schemas | words | {database.casefold()}
        return frozenset(
            each.key
            for holder in self.using(acting, touched.definers)
            for each in self._of.get(holder, ())
            if _is_about(each, touched, schemas, words)
        )

    def of_opening(self, touched: Touched) -> frozenset[Key]:
        """Those of rights by which what was touched is opened, and nothing in it is changed."""
        near = self.of((), touched, "")
        return frozenset(
            each.key
            for changes in self._of.values()
            for each in changes
            if each.key in near and not each.right.startswith(_WRITES)
        )

    def of_all(self, acting: Iterable[str], definers: Iterable[str]) -> frozenset[Key]:
        """Those of all rights that some may have used, and those in whose names something is done."""
        return frozenset(
            each.key for holder in self.using(acting, definers) for each in self._of.get(holder, ())
        )

    def of_roles(self, acting: Iterable[str]) -> frozenset[Key]:
        """Those of roles that some may have had."""
        return frozenset(key for key in self.of_all(acting, ()) if key in self._memberships)

    def executing(self, acting: Iterable[str], definers: Iterable[str]) -> frozenset[Key]:
        """Those of rights to run routines: that one was run is not always in a log."""
        holders = self.using(acting, definers)
        return frozenset(
            each.key for who in holders for each in self._of.get(who, ()) if each.right == "EXECUTE"
        )

    def using(self, acting: Iterable[str], definers: Iterable[str]) -> frozenset[str]:
        """Whose rights are used. A definer who may do everything needs none of its roles for it."""
        own = {each for each in definers if each in self._need_no_role}
        return self._there.above({*acting, *definers} - own) | own


def _is_about(change: Change, touched: Touched, schemas: frozenset[str], words: frozenset[str]) -> bool:
    if change.kind == MEMBERSHIP or change.on == EVERYTHING:
        return True
    if len(change.on) == 1:
        pattern = change.database.casefold()
        if not is_wild(pattern) and "\\" not in pattern:
            return pattern in schemas
        return any(fits(pattern, each) for each in schemas)
    thing = folded((change.on[0], change.on[1]))
    if thing in touched.tables or thing in touched.routines:
        return True
    return thing[1] in words and thing[0] in schemas
