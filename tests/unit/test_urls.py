"""What is kept of a URL holds no password, wherever it stood."""

import pytest

from trapstreet.app.places import lasting
from trapstreet.core.model.urls import password_of, server_of, without_password

URLS = [
    ("postgresql://u:geheim@h/db?table=t", "postgresql://u@h/db?table=t"),
    ("postgresql://h/db?password=geheim&table=t", "postgresql://h/db?table=t"),
    ("postgresql://u:geheim@h/db?PASSWORD=geheim", "postgresql://u@h/db"),
    ("mariadb://u:geheim@h:3307/db?passwd=geheim&query=SELECT%201", "mariadb://u@h:3307/db?query=SELECT%201"),
    ("postgresql://u@h/db?sslpassword=geheim", "postgresql://u@h/db"),
    ("postgresql://u@h/db?service=crm", "postgresql://u@h/db?service=crm"),
    ("postgresql:///db", "postgresql:///db"),
    ("postgresql://u:gehe/im@h:5432/db", "postgresql://u@h:5432/db"),
    ("postgres://u:20/geheim@h/db?sslmode=require", "postgres://u@h/db?sslmode=require"),
    ("mariadb://u:ge?he@im@h/", "mariadb://u@h/"),
    ("smb://u:gehe#im@h/share", "smb://u@h/share"),
    ("smb://h:445/share/a@b", "smb://h:445/share/a@b"),
    ("postgresql://h:5432/db?user=a@b", "postgresql://h:5432/db?user=a@b"),
]


@pytest.mark.parametrize(("given", "kept"), URLS)
@pytest.mark.parametrize("keeping", [without_password, lasting])
def test_a_password_is_not_kept(keeping, given, kept):
    assert keeping(given) == kept


def test_a_password_is_found_where_libpq_takes_it():
    found = [password_of(given) for given, _ in URLS[:3]]
    assert [each.reveal() for each in found if each] == ["geheim"] * 3
    assert password_of("postgresql://u@h/db") is None


SERVERS = [
    ("postgres://me:geheim@db.internal:5433/crm?sslmode=require", "postgresql://db.internal:5433"),
    ("postgresql:///crm?host=/run/db&port=5433", "postgresql:///run/db:5433"),
    ("mysql://me@db.internal/", "mariadb://db.internal:3306"),
    ("sqlite:////srv/app.db?table=x", "sqlite:////srv/app.db"),
    ("postgresql://db.internal/", "postgresql://db.internal:5432"),
    ("postgresql://me@[fd00::1]/crm", "postgresql://[fd00::1]:5432"),
    ("postgresql://me:gehe/im@db.internal/crm", "postgresql://db.internal:5432"),
    ("smb://me@files.internal/share", "smb://files.internal"),
    ("/srv/share/", "/srv/share"),
    ("/", "/"),
]


@pytest.mark.parametrize(("location", "server"), SERVERS)
def test_a_server_has_one_name_whoever_asks_it_for_what(location, server):
    assert server_of(location) == server
