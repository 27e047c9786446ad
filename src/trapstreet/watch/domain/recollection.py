"""What an object shows by what is remembered of it."""

import msgspec

from trapstreet.core.fields import Kind
from trapstreet.watch.domain.findings import Finding


class Recollection(msgspec.Struct, frozen=True):
    """What an object shows of one data set by what is remembered of it.

    records   of which it has at least two values, near each other or not;  singles  values of others
    decoys    of copies and plantings;  planted  how many are which planting's
    log10_p   of somebody else's object to show its numbers;  certain  whether it has more than numbers
    which     a digest of the records' ids
    """

    data_set: str
    records: int
    singles: dict[Kind, int]
    decoys: int
    planted: dict[str, int]
    log10_p: float
    certain: bool
    which: str

    def finding(self, source: str, path: str, *, of: int) -> Finding:
        """As a finding without excerpts; of  how many records the data set has"""
        shown = self.records + sum(self.singles.values())
        return Finding(
            source=source,
            path=path,
            data_set=self.data_set,
            records=0,
            by_column=self.records,
            of=of,
            share=min(1.0, shown / max(1, of)),
            fields={},
            histogram={2: self.records} if self.records else {},
            singles=self.singles,
            expected={},
            p_value=10.0 ** max(-300.0, min(0.0, self.log10_p)),
            decoys=self.decoys,
            certain=self.decoys,
            planted=self.planted,
            excerpts=[],
            sha256="",
            which=self.which,
        )
