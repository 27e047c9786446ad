"""Which rows chance takes or leaves together: those of one firm are decoys or real all at once."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.fold import header_words, word_set
from trapstreet.core.fields.kind import Kind
from trapstreet.decoys.audit.coded import CodedColumn, Codes, Ints, compact
from trapstreet.decoys.audit.features import View
from trapstreet.decoys.audit.mails import domain_of
from trapstreet.decoys.audit.sites import holds_addresses, site_of

OWN = 0.5
"""Share of decoys above which a cluster, or a block of numbers, is theirs."""

_FEWEST = 10  # clusters of decoys below which chance has nothing to draw from
_LARGER = 2  # times as large as the largest cluster of decoys are clusters that chance draws as wholes
_COMPANY = word_set(
    "company firm firma organisation organization entreprise empresa azienda bedrijf employer"
)


def clusters(view: View) -> Ints:
    """The cluster of each row of the table, numbered from 0, shape (all rows,).

    A row's firm is its mail domain; where that is a provider's, the site of its web address; else what a
    column of companies says. Providers' are values with more rows than there are decoys. A row without a
    firm is alone. A column that would leave fewer than ten clusters of decoys (300 at one domain) joins no
    rows: that they stand together is what tells them.
    """
    decoys = view.seen.decoys
    firm = np.full(view.size, -1)
    for codes, filled in _firms(view):
        whole = (codes.frequency <= decoys.sum()) & filled & (firm < 0)
        joined = np.where(whole, firm.max() + 1 + codes.of, firm)
        if len(np.unique(_numbered(joined)[decoys])) >= _FEWEST:
            firm = joined
    return _numbered(firm)


def units(of: Ints, decoys: NDArray[np.bool_]) -> Ints:
    """What chance draws from these clusters: decoys' own as wholes, and others like them; else single rows.

    Others are up to twice as large as the decoys' largest, which is rarely the largest that might have been
    drawn. Where decoys stand among customers of a firm, they were drawn one by one.
    """
    sizes = np.bincount(of)
    share = np.bincount(of[decoys], minlength=len(sizes)) / np.maximum(sizes, 1)
    own = share > OWN
    whole = own | ((share == 0) & (sizes <= _LARGER * sizes[own].max(initial=0)))
    return _numbered(np.where(whole[of], 2 * of + decoys, -1))


def _firms(view: View) -> Iterator[tuple[Codes, NDArray[np.bool_]]]:
    """Codes of what may be a row's firm, and which rows have it."""
    for column in view.of_kind(Kind.EMAIL):
        yield column.codes_by(domain_of), _filled(column, [domain_of(text) for text in column.texts])
    for column in view.of_kind(Kind.TEXT):
        if holds_addresses(column):
            yield column.codes_by(site_of), _filled(column, [site_of(text) for text in column.texts])
        elif not _COMPANY.isdisjoint(header_words(column.column.name).split()):
            yield column.codes, _filled(column, [text.strip() for text in column.texts])


def _filled(column: CodedColumn, texts: list[str]) -> NDArray[np.bool_]:
    return np.array([bool(text) for text in texts])[column.codes.of]


def _numbered(firm: Ints) -> Ints:
    """Firms numbered from 0, and each row that has none by itself."""
    alone = firm < 0
    return compact(np.where(alone, firm.max() + 1 + np.cumsum(alone), firm)).of
