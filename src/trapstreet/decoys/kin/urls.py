"""Web addresses in the rows that belong to a decoy."""

from collections import Counter
from collections.abc import Collection

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell
from trapstreet.decoys.decoy import Aim
from trapstreet.decoys.kin.model import KinModel
from trapstreet.decoys.kin.person import Person
from trapstreet.decoys.model import domain_of
from trapstreet.decoys.url_cells import UrlDraws
from trapstreet.decoys.url_paths import Owner, owner
from trapstreet.decoys.urls import OwnedHosts, UrlProbe, read_url


class KinUrls:
    """Draws the addresses of one linked table: the decoy's where the donor's stand, else new ones."""

    def __init__(
        self, model: KinModel, owned: OwnedHosts, draws: KeyedDraws, *, used: Collection[str] = ()
    ) -> None:
        """used: `Url.visited` of the decoys' addresses elsewhere; those made here come to it."""
        self._model = model
        self._owned = owned
        self.used = {each.casefold() for each in used}
        self._made: dict[tuple[int, int, Cell], Cell] = {}
        self.unheard: dict[str, Counter[str]] = {}
        self.columns: dict[int, UrlDraws] = {}
        for at in model.counts:
            cells = [row[at] for row in model.sample]
            probe = UrlProbe(model.columns[at].name)
            probe.observe(cells)
            if model.columns[at].kind is Kind.TEXT and (found := probe.finish([(c, "") for c in cells])):
                self.columns[at] = UrlDraws(found, owned, draws, Aim.PROVE)

    def cell(self, at: int, old: Cell, person: Person) -> Cell:
        """The decoy's cell in place of the donor's, which is not empty; the same wherever it stands."""
        for theirs, mine in zip(person.donor, person.decoy, strict=True):
            if theirs == old:
                return mine
        known = (at, id(person), old)
        if known not in self._made:
            self._made[known] = self._drawn(at, old, person)
        return self._made[known]

    def _drawn(self, at: int, old: Cell, person: Person) -> Cell:
        url = read_url(old)
        if url is None:
            return self._model.blanks.get(at, "")
        mails = next(
            (
                (domain_of(person.donor[n]), domain_of(person.decoy[n]))
                for n, column in enumerate(person.columns)
                if column.kind is Kind.EMAIL
            ),
            ("", ""),
        )
        while True:
            new = self.columns[at].draw(url, _owner(person), mails, used=self.used)
            self.used.add(new.visited.casefold())
            cell = str(old).replace(str(old).strip(), new.text)
            if not self._model.counts[at].count(cell):
                break
        if not self._owned.hears(new):
            name = f"{self._model.table.name}.{self._model.columns[at].name}"
            self.unheard.setdefault(name, Counter())[new.site] += 1
        return cell


def _owner(person: Person) -> Owner:
    """The person, with the numbers of its rows."""
    who = owner(person.columns, person.donor, person.decoy)
    more = {old.lower(): new for old, new in person.references.items()}
    return Owner(who.given, who.family, who.known, {**who.numbers, **more}, who.handle)
