"""Where servers have to be there, nothing that sources are held to is passed over, whatever the reason."""

import os
from collections.abc import Generator

import pytest

HELD = "test_sources_contract.py"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and item.path.name == HELD and os.environ.get("TRAPSTREET_REQUIRE_SERVERS") == "1":
        vars(report).pop("wasxfail", None)  # with it, it would count as a success
        report.outcome = "failed"
        report.longrepr = f"a promise of this source was not tested: {report.longreprtext}"
    return report
