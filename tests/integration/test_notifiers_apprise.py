"""Of several services that Apprise tells, one that fails is told again, and no other twice."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from alarms import seconds_from_now, with_routes
from couriers import troubles
from desk import Desk
from receivers import NOTICE, PATH, Web, drip_headers, port, private_file
from trapstreet.app.delivering import deliver
from trapstreet.core.model.errors import Unreachable
from trapstreet.plugins.notifiers import Partly, Several, notifier_of
from trapstreet.store import cases

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise's

HOUR = 3_600_000_000


def services(folder: Path, *ports: int) -> Several:
    """A route to services at ports of this machine, a line each, with an empty one between."""
    private_file(folder, "urls", "\n\n".join(f"json://127.0.0.1:{at}{PATH}" for at in ports))
    made = notifier_of("apprise", {"urls_file": "urls"}, folder=folder, where="[notify.me]")
    assert isinstance(made, Several)
    return made


@pytest.mark.slow
def test_the_services_that_took_it_are_done_with_and_the_others_are_named_by_their_lines(
    tmp_path: Path,
) -> None:
    with Web() as good, Web() as broken, Web() as fine:
        broken.status = 503
        route = services(tmp_path, good.port, broken.port, fine.port)
        with pytest.raises(Partly, match="1 of 3 services of Apprise's did not take it") as caught:
            route.tell([NOTICE], key="d-1")
        assert caught.value.hint == "see line 3 of the file"
        assert PATH not in repr(caught.value.done)
        left = route.without(caught.value.done)
        assert left
        broken.status = 200
        left.tell([NOTICE], key="d-1")
        assert [len(web.requests) for web in (good, broken, fine)] == [1, 2, 1]
    assert route.without({"urls_file": [*caught.value.done["urls_file"], *_names(route)]}) is None


def _names(route: object) -> list[str]:
    return [each.name for each in route._services.reveal()]  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_service_that_drips_keeps_no_other_from_being_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trapstreet.plugins.notifiers.apprise.SECONDS", 12.0)
    with Web() as good, port(drip_headers) as silent:
        with pytest.raises(Partly, match="1 of 2 services of Apprise's did not answer in time"):
            services(tmp_path, silent, good.port).tell([NOTICE], key="d-1")
        assert len(good.requests) == 1


@pytest.mark.slow
def test_where_no_service_took_it_nobody_is_done_with(tmp_path: Path) -> None:
    with Web() as one, Web() as other:
        one.status = other.status = 500
        with pytest.raises(Unreachable, match="2 of 2 services") as caught:
            services(tmp_path, one.port, other.port).tell([NOTICE], key="d-1")
    assert not isinstance(caught.value, Partly)
    assert caught.value.hint == "see lines 1, 3 of the file"


@pytest.mark.slow
def test_a_message_is_given_to_each_service_once_however_often_another_fails(desk: Desk) -> None:
    with ExitStack() as stack:
        good, broken = (stack.enter_context(Web()) for _ in range(2))
        services(desk.folder, good.port, broken.port)
        broken.status = 503
        workspace = with_routes(desk, f'desk urls_file = "{desk.folder}/urls"')
        file = desk.workspace / "trapstreet.toml"
        file.write_text(file.read_text().replace('kind = "fake"', 'kind = "apprise"'))
        workspace = type(workspace).open(desk.workspace)
        troubles(workspace, 1)
        start = seconds_from_now(1)
        assert deliver(workspace, holder="x", at=start).failed == 1
        assert deliver(workspace, holder="x", at=start + HOUR).failed == 1
        broken.status = 200
        assert deliver(workspace, holder="y", at=start + 3 * HOUR).sent == 1
        assert [len(web.requests) for web in (good, broken)] == [1, 3]
    assert cases.states() == {"desk": {"sent": 1}}
