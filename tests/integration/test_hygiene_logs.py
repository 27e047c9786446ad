"""Real logs say when the roles of a real server were last used."""

from pathlib import Path
from time import time_ns
from uuid import uuid4

import psycopg
import pytest

from audited import Audited, a_minute_later, audited_postgres
from desk import Desk
from trapstreet.access.domain.hygiene import DAY
from trapstreet.app.hygiene import check
from trapstreet.core.model.accounts import UNTOLD_USE, Flaw

__all__ = ["a_minute_later", "audited_postgres"]

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("a_minute_later")]


def test_a_role_that_the_imported_logs_saw_long_ago_is_stale(
    audited_postgres: Audited, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = uuid4().hex[:6]
    with psycopg.connect(audited_postgres.url, autocommit=True) as connection:
        for name in ("seen", "unseen"):
            connection.execute(f"CREATE ROLE {name}_{mark} LOGIN".encode())
        as_seen = audited_postgres.url.replace("postgres@", f"seen_{mark}@")
        with psycopg.connect(as_seen, autocommit=True) as used:
            used.execute(f'SELECT count(*) AS "{mark}" FROM pg_class'.encode())
        log = audited_postgres.log("*.csv", having=mark)
    desk.do("access", "import", log, "--place", audited_postgres.url)

    def judged(workspace: Path | None) -> tuple[set[str], tuple[str, ...], tuple[str, ...]]:
        (found,) = check(
            [audited_postgres.url],
            now=time_ns() // 1000 + 100 * DAY,
            stale_days=90,
            workspace=workspace,
            tell=lambda _: None,
        ).places
        stale = {each.who for each in found.weaknesses if each.flaw is Flaw.STALE and each.who.endswith(mark)}
        return stale, found.unknown, found.untold

    stale, unknown, untold = judged(desk.workspace)
    assert stale == {f"seen_{mark}"}
    assert any(each.startswith("when it was last used, of ") for each in unknown)
    assert UNTOLD_USE not in untold
    stale, _, untold = judged(None)
    assert not stale
    assert UNTOLD_USE in untold
    monkeypatch.chdir(desk.workspace)
    desk.run("access", "hygiene", audited_postgres.url, "--json")
    assert UNTOLD_USE not in desk.out, "the nearest workspace is asked, as by other commands"
    monkeypatch.chdir("/")
    desk.run("access", "hygiene", audited_postgres.url, "--json")
    assert UNTOLD_USE in desk.out
    with psycopg.connect(audited_postgres.url, autocommit=True) as connection:
        connection.execute(f"DROP ROLE seen_{mark}, unseen_{mark}".encode())
