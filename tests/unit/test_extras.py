"""A library that comes with an extra only: who needs it is told which."""

import pytest

from trapstreet.core.model import extras
from trapstreet.core.model.errors import UnusableInput
from trapstreet.events import postgresql


def test_who_needs_an_extra_is_told_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _name: None)
    with pytest.raises(UnusableInput) as refused:
        postgresql()
    assert refused.value.hint == "pip install 'trapstreet[sql]'"


def test_what_is_installed_is_used() -> None:
    assert postgresql()
