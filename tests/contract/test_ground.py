"""What every place that rows can be planted in promises."""

from pathlib import Path

import pytest

from ground_contract import PLANTED_CUSTOMERS, PLANTED_ORDERS, Field, GroundContract, planted, typed
from grounds import DATABASES
from grounds_in_files import FILES, field_in_files
from servers import mariadb_url, postgres_url  # noqa: F401 - fixtures


class TestDatabases(GroundContract):
    @pytest.fixture(params=DATABASES)
    def field(self, request: pytest.FixtureRequest) -> Field:
        made: Field = request.param(request)
        return made


class TestFiles(GroundContract):
    @pytest.fixture(params=FILES)
    def field(self, request: pytest.FixtureRequest, tmp_path: Path) -> Field:
        return field_in_files(tmp_path, *request.param)


@pytest.mark.slow
class TestWorkbooks(GroundContract):
    @pytest.fixture
    def field(self, tmp_path: Path) -> Field:
        return field_in_files(tmp_path, ".xlsx")

    def test_planted_rows_are_there_and_nothing_else_changed(self, field: Field) -> None:
        """As elsewhere, but a sheet has no empty texts."""
        before = [field.rows(0), field.rows(1)]
        ground, stored = planted(field)
        expected = typed(ground, [PLANTED_CUSTOMERS, PLANTED_ORDERS])
        assert stored == [
            [tuple(None if cell == "" else cell for cell in row) for row in rows] for rows in expected
        ]
        for number in (0, 1):
            assert [row for row in field.rows(number) if row not in stored[number]] == before[number]
