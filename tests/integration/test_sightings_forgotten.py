"""Uses of decoys are kept as long as the settings say, and longer where a case needs them."""

import pytest

from alarms import AT, GOOGLEBOT, heard, web, with_routes
from desk import Desk
from trapstreet.app.alarming import raise_alerts
from trapstreet.app.workspace import Workspace
from trapstreet.store import log, sightings
from trapstreet.store.models import Case, Heard, Incident, Sighting, TakenSegment, UsedToken
from working import owning, token

DAY = 86_400_000_000
LATER = AT + 4 * 366 * DAY
"""When what is heard at AT is older than three years."""


def forget(workspace: Workspace, *, at: int = LATER, keep: int = 3 * 366 * DAY, most: int = 100) -> int:
    return sightings.forget(before=at - keep, most=most, ring=workspace.ring, at=at)


def left() -> tuple[int, int, int]:
    return Incident.objects.count(), Sighting.objects.count(), Heard.objects.count()


@pytest.fixture
def workspace(desk: Desk) -> Workspace:
    """Two breadcrumbs were used; alerts were raised for both, and one of the two cases is closed."""
    pages = [token(owning(desk), "url")[1] for _ in range(2)]
    opened = with_routes(desk)
    heard(opened, desk, *(web(page, at=AT + at) for page in pages for at in range(3)))
    raise_alerts(opened)
    desk.do("case", "close", "k1")
    return opened


def test_what_is_old_is_forgotten_unless_its_case_is_open(desk: Desk, workspace: Workspace) -> None:
    assert left() == (2, 6, 6)
    assert forget(workspace, at=AT + DAY) == 0
    assert left() == (2, 6, 6)
    assert forget(workspace) == 1
    assert left() == (1, 3, 3)
    (kept,) = Incident.objects.all()
    assert desk.json("case", "list")["cases"][0]["subject"] == kept.owner
    assert forget(workspace) == 0


def test_what_a_case_needed_is_kept_as_long_again_after_it_was_closed(
    desk: Desk, workspace: Workspace
) -> None:
    day_after = AT + DAY
    assert forget(workspace, at=day_after + 30 * DAY, keep=31 * DAY) == 0
    assert forget(workspace, at=day_after + 31 * DAY, keep=30 * DAY) == 1


def test_what_automata_did_is_forgotten_though_nobody_closed_its_case_unless_somebody_looks_after_it(
    desk: Desk,
) -> None:
    pages = [token(owning(desk), "url")[1] for _ in range(2)]
    opened = with_routes(desk)
    heard(opened, desk, *(web(page, headers=GOOGLEBOT, address="66.249.66.1") for page in pages))
    raise_alerts(opened)
    desk.do("case", "note", "k1", "ours", "--by", "Aoife")
    assert forget(opened) == 1
    assert left() == (1, 1, 1)
    assert Incident.objects.get().owner == Case.objects.get(id=1).subject


def test_the_log_says_what_was_forgotten_and_holds(desk: Desk, workspace: Workspace) -> None:
    forget(workspace)
    (entry,) = [each for each in log.all_entries() if each["event"] == "sightings forgotten"]
    assert (entry["incidents"], entry["hits"]) == (1, 3)
    log.verify(workspace.settings.keys.log)


def test_marks_of_what_was_taken_go_when_nothing_of_it_is_left(desk: Desk, workspace: Workspace) -> None:
    forget(workspace)
    assert TakenSegment.objects.count() == 1, "the other case needs what was heard with it"
    desk.do("case", "close", "k2")
    forget(workspace, at=2 * LATER)
    assert TakenSegment.objects.count() == 0
    assert left() == (0, 0, 0)


def test_what_was_not_looked_at_yet_is_never_forgotten(desk: Desk, workspace: Workspace) -> None:
    desk.do("case", "close", "k2")
    Incident.objects.update(changed=1)
    assert forget(workspace, at=2 * LATER) == 0


def test_that_a_decoy_was_used_is_known_for_good(desk: Desk, workspace: Workspace) -> None:
    forget(workspace)
    (used,) = [each for each in UsedToken.objects.all() if not Incident.objects.filter(token=each.token)]
    assert (used.first, used.counted, used.somebody) == (AT, AT, AT + 2)
    assert sightings.first_uses([used.token]) == {used.token: AT}


def test_the_worker_forgets_by_the_settings(desk: Desk, workspace: Workspace) -> None:
    file = desk.workspace / "trapstreet.toml"
    Incident.objects.update(last=AT - 50 * DAY)
    Case.objects.filter(closed_at__isnull=False).update(closed_at=AT - 40 * DAY)
    text = file.read_text()
    for keep, incidents in (("", 2), ("2 months", 2), ("30 days", 1)):
        file.write_text(text.replace('keep = "3 years"', f'keep = "{keep}"'))
        desk.do("work", "--once", "--trap", desk.folder / "trap")
        assert Incident.objects.count() == incidents, keep


@pytest.mark.parametrize("keep", ["3 days", "a while", "-1 years"])
def test_a_time_that_does_not_do_is_one_clear_line(desk: Desk, keep: str) -> None:
    file = desk.workspace / "trapstreet.toml"
    file.write_text(file.read_text().replace('keep = "3 years"', f'keep = "{keep}"'))
    refused = desk.refused(2, "alert", "list")
    assert f"keep under [work]: {keep!r} is no time to keep sightings for" in refused
    assert ", line " in refused
