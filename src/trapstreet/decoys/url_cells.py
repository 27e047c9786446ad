"""The web addresses of decoys: at hosts of their owner's, written as the donors', each of one decoy alone or
of the colleagues whose donors share one."""

import re
from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from itertools import chain

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.decoy import Aim
from trapstreet.decoys.filling import Filling
from trapstreet.decoys.model import TableModel, domain_of
from trapstreet.decoys.names import Case, case_of
from trapstreet.decoys.people import RESERVED_DOMAINS
from trapstreet.decoys.texts import scrambled
from trapstreet.decoys.url_paths import FreshPaths, Owner, owner
from trapstreet.decoys.urls import OwnedHosts, Url, UrlColumn, belongs, read_url

_REST = re.compile(r"([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_ENDING = re.compile(r"[a-z]{2,3}\.[a-z]{2}")  # "co.uk"
_UNFIT = re.compile(r"[^a-z0-9]+")  # for a host
_COMMON = 3  # sites that a label must stand before to be nobody's
_OWN_TRIED = 8  # addresses that are tried after the donor's own, where there is something to draw …
_TRIED = 24  # … and after others


class UrlCells:
    """Draws the cells of the columns of web addresses.

    A decoy's address is never at a host that is one stranger's. Where nearly all addresses of a column are
    at hosts that many rows share, it stays at the donor's host with a path that nobody has. Else it is at
    the decoy's mail domain where the donor's was at its own, or at another host of the owner's; where there
    is none, at a host that many rows share, or a reserved one. Where decoys hide, those at one mail domain
    whose donors have the same address have the same.
    """

    def __init__(
        self,
        model: TableModel,
        owned: OwnedHosts,
        draws: KeyedDraws,
        *,
        aim: Aim,
        visited: Collection[str] = (),
    ) -> None:
        """visited: `Url.visited` of other decoys' addresses."""
        self._model = model
        self._columns = {at: UrlDraws(column, owned, draws, aim) for at, column in model.urls.items()}
        self._email = model.first(Kind.EMAIL)
        self._used = {each.casefold() for each in visited}
        self._owned = owned
        self._hiding = aim is Aim.HIDE
        self._of_firms: dict[Hashable, Url] = {}
        self._visits: Counter[str] = Counter()
        self._unheard: dict[int, Counter[str]] = {at: Counter() for at in model.urls}

    def fillings(self, donors: Sequence[Row], parts: Sequence[Sequence[Filling]]) -> list[Filling]:
        """One filling for each donor. parts: what else its decoy gets, one sequence for each sort."""
        if not self._columns:
            return [Filling({}) for _ in donors]
        made = []
        for donor, *own in zip(donors, *parts, strict=True):
            fresh = {at: cell for part in own for at, cell in part.cells.items()}
            made.append(Filling(self._cells(donor, fresh)))
        return made

    def _cells(self, donor: Row, fresh: Mapping[int, Cell]) -> dict[int, Cell]:
        decoy = tuple(fresh.get(at, cell) for at, cell in enumerate(donor))
        who = owner(self._model.columns, donor, decoy)
        mails = ("", "")
        if self._email is not None:
            mails = domain_of(donor[self._email]), domain_of(decoy[self._email])
        other = {donor[at]: cell for at, cell in fresh.items() if donor[at] and at not in self._columns}
        return {
            at: self._drawn(at, url, str(donor[at]), who, mails)
            if (url := read_url(donor[at]))
            else other.get(donor[at], self._several(at, donor[at]))  # an e-mail address in the wrong place
            for at in self._columns
        }

    def _several(self, at: int, old: Cell) -> Cell:
        """What is no address, where several rows have it."""
        several = self._model.census.count([at], [(old,)])[0] > 1
        return old if several and "@" not in str(old) else self._model.blanks[at]

    def _drawn(self, at: int, url: Url, old: str, who: Owner, mails: tuple[str, str]) -> str:
        firm = self._firm(at, url, mails)
        if firm in self._of_firms:
            new = respelled(self._of_firms[firm], url)
        else:
            new = self._columns[at].draw(url, who, mails, used=self._used)
            self._used.add(new.visited.casefold())
            if firm:
                self._of_firms[firm] = new
        self._visits[new.visited] += 1
        if not self._owned.hears(new):
            self._unheard[at][new.site] += 1
        return old.replace(old.strip(), new.text)

    def _firm(self, at: int, url: Url, mails: tuple[str, str]) -> Hashable:
        """What colleagues have in common who share an address; None for an address of one alone."""
        theirs, mine = mails
        if not (self._hiding and mine) or self._model.urls[at].rows_with(url) < 2:
            return None
        own = theirs and belongs(url.site, theirs)
        host = url.host.lower().removesuffix(theirs) if own else url.host.lower()
        return at, mine, own, host, url.rest.casefold()

    @property
    def shared(self) -> frozenset[str]:
        """By what those addresses are visited that several decoys have (`Url.visited`)."""
        return frozenset(visited for visited, decoys in self._visits.items() if decoys > 1)

    @property
    def notes(self) -> list[str]:
        """In one line, in which columns nobody hears a visit."""
        return not_live({self._named(at): hosts for at, hosts in self._unheard.items()})

    @property
    def strippable(self) -> list[str]:
        """By what the addresses give decoys away."""
        return [
            f"decoys have web addresses at example.com, .net and .org in {self._named(at)}: name a domain of "
            "yours in the settings"
            for at, unheard in self._unheard.items()
            if any(belongs(host, own) for host in unheard for own in RESERVED_DOMAINS)
        ]

    def _named(self, at: int) -> str:
        return self._model.columns[at].name


def not_live(unheard: Mapping[str, Counter[str]]) -> list[str]:
    """Says in one line in which columns nobody hears a visit, from the hosts by column."""
    deaf = [f"{name} ({_listed(hosts)})" for name, hosts in unheard.items() if hosts]
    why = "these hosts are neither your mail domains nor named by urls under [trap]"
    return [f"web addresses of decoys are not live in {', '.join(deaf)}: {why}"] if deaf else []


class UrlDraws:
    """Draws addresses for one column."""

    def __init__(self, column: UrlColumn, owned: OwnedHosts, draws: KeyedDraws, aim: Aim) -> None:
        self._column = column
        self._owned = owned
        self._draws = draws
        self._varied = aim is Aim.PROVE
        self._paths = FreshPaths([url for url, _ in column.likes], draws)
        self._places = [
            *(Url("", domain, "", "", "", "") for domain in owned.domains),
            *(own._replace(scheme="", path=own.path.rstrip("/")) for own in owned.urls),
        ]
        self._uses: Counter[Url] = Counter()
        self._labels = Counter(site.partition(".")[0] for site in {url.site for url, _ in column.likes})
        self._private = [url for url, _ in column.likes if url.site not in column.shared]
        self._at_shared: dict[str, list[Url]] = {}
        for url, _ in column.likes:
            if url.site in column.shared:
                self._at_shared.setdefault(url.site, []).append(url)

    def draw(self, old: Url, who: Owner, mails: tuple[str, str], *, used: Collection[str]) -> Url:
        """An address for a decoy, that no row has and that none of the `used` (casefolded) is visited by.

        mails: mail domains of the donor and of the decoy, "" where one has none
        """
        place = self._place(old, who, mails)
        likes = self._at_shared.get(place.site) or self._private or [old]
        own_fits = (old.site in self._column.shared) == (likes is not self._private)
        for attempt in range(_TRIED):
            like = old if own_fits and attempt < _OWN_TRIED else self._draws.choice(likes)
            rest, drawn, person = self._paths.like(like, who)
            own_fits = own_fits and drawn
            made = _below(place, _cased(rest, like, old))
            if person and not self._harmless(made):  # somebody of that name may be there
                made = _longer(made, f"-{self._paths.token()}")
            if (drawn or not self._varied) and self._free(made, used):
                return made
        handles = [who.handle] if who.handle and self._harmless(made) else []
        ends = chain(handles, iter(self._paths.token, ""))
        longer = (_longer(_below(place, like.rest), f"/{end}") for end in ends)
        return next(made for made in longer if self._free(made, used))

    def _free(self, url: Url, used: Collection[str]) -> bool:
        return url.visited.casefold() not in used and not self._column.rows_with(url)

    def _harmless(self, url: Url) -> bool:
        return self._owned.hears(url) or any(belongs(url.site, domain) for domain in RESERVED_DOMAINS)

    def _place(self, old: Url, who: Owner, mails: tuple[str, str]) -> Url:
        """Scheme, host, port and the path below which the address is."""
        theirs, mine = mails
        column = self._column
        if old.site in column.shared and not column.scattered:
            return old._replace(path="", query="", fragment="")
        if (
            theirs
            and mine
            and belongs(old.site, theirs)
            and (mine in self._owned.domains or not self._places)
        ):
            return self._written(Url("", mine, "", "", "", ""), old, old.site.removesuffix(theirs))
        if self._places:
            apart = [place for place in self._places if place.host != mine] or self._places
            fewest = min(self._uses[place] for place in apart)
            place = self._draws.choice([place for place in apart if self._uses[place] == fewest])
            self._uses[place] += 1
            return self._written(place, old, self._label(old, who))
        if self._at_shared:
            shared = old.site if old.site in self._at_shared else self._draws.choice(sorted(self._at_shared))
            like = self._draws.choice(self._at_shared[shared])
            return like._replace(path="", query="", fragment="")
        return self._written(Url("", self._draws.choice(RESERVED_DOMAINS), "", "", "", ""), old, "")

    def _written(self, place: Url, old: Url, below: str) -> Url:
        """The place with the scheme and letter case of another address; what stands before a domain."""
        host = place.host
        if host in (*self._owned.domains, *RESERVED_DOMAINS):
            host = f"{'www.' if old.host[:4].lower() == 'www.' else ''}{below}{host}"
        return place._replace(scheme=old.scheme, host=_in_case(host, old.host))

    def _label(self, old: Url, who: Owner) -> str:
        """One like the first of "shop.acme.ie" or "acme.blogs.com", with a dot; "" for "acme.co.uk"."""
        first, _, domain = old.site.partition(".")
        if "." not in domain or _ENDING.fullmatch(domain):
            return ""
        if self._labels[first] < _COMMON:
            random = scrambled(first, self._draws)
            first = random if any(map(str.isdecimal, first)) else _UNFIT.sub("-", who.handle).strip("-")
        return f"{first}." if first else ""


def respelled(url: Url, like: Url) -> Url:
    """The address with the scheme and letter case of another one."""
    host = Url(like.scheme, _in_case(url.host.lower(), like.host), url.port, "", "", "")
    return _below(host, _cased(url.rest, url, like))


def _in_case(host: str, like: str) -> str:
    if case_of(like) is Case.MIXED:
        return ".".join(
            label.capitalize() if other[:1].isupper() else label
            for label, other in zip(host.split("."), [*like.split("."), *host.split(".")], strict=False)
        )
    return case_of(like).write(host)


def _below(place: Url, rest: str) -> Url:
    """An address with this path, query and fragment below the place."""
    path, query, fragment = _REST.fullmatch(rest).groups("")  # type: ignore[union-attr]
    return place._replace(path=place.path + path, query=query, fragment=fragment)


def _longer(url: Url, end: str) -> Url:
    """The address with more at the end of its path, but before an ending like ".html"."""
    path = url.path.rstrip("/")
    folders, slash, name = path.rpartition("/")
    stem, dot, ending = name.partition(".") if end.startswith("-") else (name, "", "")
    return url._replace(path=f"{folders}{slash}{stem}{end}{dot}{ending}{url.path[len(path) :]}")


def _cased(rest: str, like: Url, old: Url) -> str:
    """What is like one address in the letter case of another, where one of them is in capitals."""
    if like.text.isupper() == old.text.isupper():
        return rest
    return rest.upper() if old.text.isupper() else rest.lower()


def _listed(hosts: Counter[str]) -> str:
    names = [host for host, _ in hosts.most_common()]
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more hosts" if len(names) > 2 else "")
