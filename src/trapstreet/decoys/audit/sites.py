"""Web addresses as a buyer sees them: whose host it is, who else is there, and how the path is made."""

from collections.abc import Iterator

import numpy as np

from trapstreet.core.fields.kind import Kind
from trapstreet.decoys.audit.coded import CodedColumn, Codes, Floats, Ints, coded
from trapstreet.decoys.audit.features import Feature, View
from trapstreet.decoys.audit.mails import cells, domain_of, people, way
from trapstreet.decoys.audit.texts import letters, rough_format
from trapstreet.decoys.urls import Url, belongs, read_url

_MOST = 0.3  # share of a column's values from which on it is looked at as one of web addresses
_SAMPLED = 1000  # values that this is judged by
_SHOWN = 3  # characters of a cell from which on it is looked for in the path
_NONE = Url("", "", "", "", "", "")

Told = Iterator[tuple[str, Floats]]
"""What is measured, in plain words, and its values on the looked-at rows."""


def holds_addresses(column: CodedColumn) -> bool:
    """Whether the column is one of web addresses, among other things."""
    if column.column.kind is not Kind.TEXT:
        return False
    filled = [text for text in column.texts if text.strip()]
    sample = filled[:: max(1, len(filled) // _SAMPLED)]
    return sum(map(bool, map(site_of, sample))) > _MOST * len(sample)


def site_of(text: str) -> str:
    """The host in small letters without "www.", "" where the text is no web address."""
    return _read(text).site


def manner_of(text: str) -> str:
    """The scheme, "www." and the port as they are written."""
    url = _read(text)
    www = url.host[:4]
    return f"{url.scheme}{www if www.lower() == 'www.' else ''}{url.port}"


def path_format(text: str) -> str:
    """What follows the host, digits as 9, letters as a and A, runs of one sort as one."""
    return rough_format(_read(text).rest)


def _form_of(text: str) -> str:
    return _read(text).form


def _read(text: str) -> Url:
    return read_url(text) or _NONE


def features(view: View) -> Iterator[Feature]:
    for column in filter(holds_addresses, view.columns):
        name = column.column.name
        urls = [_read(text) for text in column.texts]
        held = np.array([bool(url.host) for url in urls])[column.codes.of]
        known = held[view.rows]
        told: list[tuple[tuple[str, ...], Told]] = [
            ((name,), _hosts(column, urls, view)),
            ((name,), _paths(column, urls, view)),
            ((name, "the other cells"), _shown(column, urls, view)),
        ]
        for mail in view.of_kind(Kind.EMAIL):
            both = (name, mail.column.name)
            told += [(both, _whose(column, urls, mail, view)), (both, _colleagues(column, held, mail, view))]
        for about, figures in told:
            for words, values in figures:
                yield Feature(about, words, np.where(known, values, np.nan))


def _hosts(column: CodedColumn, urls: list[Url], view: View) -> Told:
    sites = column.codes_by(site_of)
    yield "how many rows have the host", np.log(sites.frequency[view.rows])
    forms = column.codes_by(_form_of)
    yield "how many rows have the address in any spelling", np.log(forms.frequency[view.rows])
    yield "how many addresses the host has", np.log(_different(sites, forms)[view.rows])
    manners = column.codes_by(manner_of)
    yield "scheme, www and port", manners.rank[view.rows]
    yield "how common scheme, www and port are", np.log(manners.frequency[view.rows])
    endings = column.codes_by(lambda text: site_of(text).rpartition(".")[2])
    yield "how many rows have the host's ending", np.log(endings.frequency[view.rows])
    hosts = [url.site for url in urls]
    for words, figure in (
        ("length of the host", [len(host) for host in hosts]),
        ("parts of the host", [host.count(".") for host in hosts]),
        ("hyphens and digits of the host", [sum(c in "-0123456789" for c in host) for host in hosts]),
    ):
        yield words, column.spread(figure, view.rows)
    distinct = list(dict.fromkeys(hosts))
    means, least = letters(distinct, range(len(distinct)))
    of = coded(hosts).of
    yield "how well the host's letters go together", column.spread(means[of], view.rows)
    yield "the host's oddest letters", column.spread(least[of], view.rows)


def _paths(column: CodedColumn, urls: list[Url], view: View) -> Told:
    for words, figure in (
        ("length of the path", [len(url.rest) for url in urls]),
        ("parts of the path", [len(url.path.split("/")) for url in urls]),
        ("a slash at the end", [url.path.endswith("/") for url in urls]),
        ("parameters", [url.query.count("=") + bool(url.query) for url in urls]),
        ("a fragment", [bool(url.fragment) for url in urls]),
        ("digits in the path", [sum(map(str.isdigit, url.rest)) for url in urls]),
    ):
        yield words, column.spread(figure, view.rows)
    formats = column.codes_by(path_format)
    yield "how common the path's format is", np.log(formats.frequency[view.rows])
    at_host = column.codes_by(site_of).with_both(formats, view.rows)
    yield "how many rows have the path's format at this host", np.log(at_host)
    first = column.codes_by(lambda text: "/".join(_read(text).path.lower().split("/")[:2]))
    yield "how many rows have the first part of the path", np.log(first.frequency[view.rows])
    means, least = letters([url.rest.lower() for url in urls], range(len(urls)))
    yield "how well the path's letters go together", column.spread(means, view.rows)
    yield "the path's oddest letters", column.spread(least, view.rows)


def _shown(column: CodedColumn, urls: list[Url], view: View) -> Told:
    """What of the row's other cells the address shows, after the host."""
    rests = [urls[code].rest.lower() for code in column.codes.of[view.rows].tolist()]
    others = [other for other in view.columns if other is not column]
    shown = np.zeros(len(rests))
    for place, other in enumerate(others):
        small = [text.strip().lower() for text in other.texts]
        for at, code in enumerate(other.codes.of[view.rows].tolist()):
            if len(small[code]) >= _SHOWN and small[code] in rests[at]:
                shown[at] += 2.0**place
    codes = coded(shown.tolist())
    yield "which of them the path shows", codes.rank
    yield "how common it is to show these", np.log(codes.frequency)
    if who := people(view):
        ways = coded(
            way(rest.rstrip("/").rpartition("/")[2], *names) for rest, names in zip(rests, who, strict=True)
        )
        yield "the way the path is made of the name", ways.rank
        yield "how common this way is", np.log(ways.frequency)


def _whose(column: CodedColumn, urls: list[Url], mail: CodedColumn, view: View) -> Told:
    sites = [urls[code].site for code in column.codes.of[view.rows].tolist()]
    domains = [domain_of(text) for text in cells(mail, view)]
    pairs = zip(sites, domains, strict=True)
    yield "whose host it is", np.array([_belonging(site, domain) for site, domain in pairs])


def _belonging(site: str, domain: str) -> float:
    """0 the mail domain itself, 1 below it, 2 of the same name with another ending, 3 another's."""
    if not domain:
        return np.nan
    if belongs(site, domain):
        return float(site != domain)
    return 2.0 if domain.partition(".")[0] in site.split(".") else 3.0


def _colleagues(column: CodedColumn, held: np.ndarray, mail: CodedColumn, view: View) -> Told:
    """What the others at the row's mail domain have: whose staff share one site, have decoys that do so."""
    domains = mail.codes_by(domain_of)
    at_domain = np.bincount(domains.of[held], minlength=domains.kinds)[domains.of[view.rows]] - 1.0
    others = np.where(at_domain > 0, at_domain, np.nan)
    for words, part in (
        ("host", site_of),
        ("address", _form_of),
        ("scheme, www and port", manner_of),
        ("path's format", path_format),
    ):
        same = domains.with_both(column.codes_by(part), view.rows) - 1
        yield f"share of the others at the mail domain with the same {words}", same / others
    yield (
        "share of the others at the mail domain with an address",
        at_domain / np.maximum(domains.frequency[view.rows] - 1.0, 1),
    )
    sites = column.codes_by(site_of)
    yield "how many hosts the mail domain has", np.log(_different(domains, sites)[view.rows])
    yield "how many mail domains the host has", np.log(_different(sites, domains)[view.rows])


def _different(of: Codes, counted: Codes) -> Ints:
    """For each row how many values of the second are had by rows with its value of the first."""
    pairs = np.unique(of.of * counted.kinds + counted.of)
    return np.asarray(np.bincount(pairs // counted.kinds, minlength=of.kinds)[of.of])
