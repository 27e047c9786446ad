"""Where a right leads: to what it is on, and to what lies in that."""

import pytest

from trapstreet.core.model.changes import FOLDER, Change
from trapstreet.core.model.rights import FILES


@pytest.mark.parametrize(
    ("on", "kind", "path", "is_around"),
    [
        (("/srv",), FOLDER, ("/srv", "2 files rw-r--r--"), True),
        (("/srv",), FOLDER, ("/srv/pay/2026", "1 file rw-------"), True),
        (("/srv",), FOLDER, ("/srv2", "1 file rw-------"), False),
        (("/srv/pay",), FOLDER, ("/srv", "1 file rw-------"), False),
        (("/",), FOLDER, ("/srv", "1 file rw-------"), True),
        (("smb://box/hr/",), FOLDER, ("smb://box/hr", "1 file"), True),
        (("/srv", "2 files rw-r--r--"), FILES, ("/srv", "2 files rw-r--r--"), True),
        (("crm",), "database", ("crm", "public", "customers"), True),
        (("crm", "public"), "schema", ("crm", "public2", "customers"), False),
        (("crm", "public", "customers"), "table", ("crm", "public"), False),
    ],
)
def test_a_right_is_around_what_lies_in_what_it_is_on_and_nothing_beside(
    on: tuple[str, ...], kind: str, path: tuple[str, ...], is_around: bool
) -> None:
    change = Change("key", "", on, kind, "SELECT", "anna", (), ())
    assert change.is_around(path) == is_around
