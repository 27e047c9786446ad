"""What is kept of a URL holds no password, wherever it stood."""

import pytest

from trapstreet.app.places import lasting
from trapstreet.core.model.urls import password_of, without_password

URLS = [
    ("postgresql://u:geheim@h/db?table=t", "postgresql://u@h/db?table=t"),
    ("postgresql://h/db?password=geheim&table=t", "postgresql://h/db?table=t"),
    ("postgresql://u:geheim@h/db?PASSWORD=geheim", "postgresql://u@h/db"),
    ("mariadb://u:geheim@h:3307/db?passwd=geheim&query=SELECT%201", "mariadb://u@h:3307/db?query=SELECT%201"),
    ("postgresql://u@h/db?sslpassword=geheim", "postgresql://u@h/db"),
    ("postgresql://u@h/db?service=crm", "postgresql://u@h/db?service=crm"),
    ("postgresql:///db", "postgresql:///db"),
]


@pytest.mark.parametrize(("given", "kept"), URLS)
@pytest.mark.parametrize("keeping", [without_password, lasting])
def test_a_password_is_not_kept(keeping, given, kept):
    assert keeping(given) == kept


def test_a_password_is_found_where_libpq_takes_it():
    found = [password_of(given) for given, _ in URLS[:3]]
    assert [each.reveal() for each in found if each] == ["geheim"] * 3
    assert password_of("postgresql://u@h/db") is None
