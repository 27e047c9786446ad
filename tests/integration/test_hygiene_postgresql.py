"""What is wrong with the roles of a real PostgreSQL server, and with the ways to log in there."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from access_worlds import World, world
from desk import Desk
from directories import certificate
from servers import PASSWORD, postgres_15_at, postgres_15_url, postgres_url
from trapstreet.access.domain.hygiene import Judged, Weakness
from trapstreet.app.hygiene import check
from trapstreet.core.model.accounts import Flaw

__all__ = ["postgres_15_url", "postgres_url"]

NOW = 1_800_000_000_000_000
ROLES = """
CREATE ROLE {ops}; CREATE ROLE {anna} LOGIN PASSWORD 'Winter2026!';
CREATE ROLE {bert} LOGIN SUPERUSER;
CREATE ROLE {carl} LOGIN IN ROLE {ops};
CREATE ROLE {dora} LOGIN PASSWORD 'a-very-long-and-lonely-passphrase' VALID UNTIL '2030-01-01';
GRANT pg_execute_server_program TO {ops};
SET password_encryption = 'md5'; CREATE ROLE {eve} LOGIN PASSWORD 'letmein';
RESET password_encryption; CREATE ROLE {plain} LOGIN PASSWORD 's3cr3t';
CREATE ROLE "{odd}" LOGIN
"""


@pytest.fixture(scope="module")
def town(postgres_url: str) -> Iterator[World]:
    with world(postgres_url) as made:
        made.named("ops", "anna", "bert", "carl", "dora", "eve", "plain", "odd")
        for statement in ROLES.split(";"):
            made.do(statement)
        yield made


def judged(url: str, passwords: Path | None = None) -> Judged:
    (found,) = check([url], now=NOW, stale_days=90, passwords=passwords, tell=lambda _: None).places
    return found


def of(found: Judged, town: World, name: str) -> dict[Flaw, str]:
    return {each.flaw: each.detail for each in found.weaknesses if each.who == town.names[name]}


def everything(found: Judged) -> list[Weakness]:
    return list(found.weaknesses)


def test_roles_that_may_do_everything_are_named_and_the_way_there(town: World) -> None:
    found = judged(town.url)
    assert of(found, town, "bert")[Flaw.RULES] == "superuser"
    way = f"by {town.names['ops']} > pg_execute_server_program, which runs programs as the server"
    assert of(found, town, "carl")[Flaw.PRIVILEGED] == way
    assert not of(found, town, "dora")


@pytest.mark.parametrize(
    "grant", ["pg_read_all_data", "SELECT ON pg_shadow", "SELECT (rolname, rolpassword) ON pg_authid"]
)
def test_who_may_copy_the_hashes_of_passwords_is_told(town: World, grant: str) -> None:
    anna, kept = town.names["anna"], "pg_shadow" if "shadow" in grant else "pg_authid"
    column = "passwd" if "shadow" in grant else "rolpassword"
    assert Flaw.COPIES_HASHES not in of(judged(town.url), town, "anna")
    assert town.rows_seen(anna, f"SELECT {column} FROM {kept}") is None
    town.do(f"GRANT {grant} TO {{anna}}")
    try:
        found = judged(town.url)
        assert town.rows_seen(anna, f"SELECT {column} FROM {kept}")
    finally:
        town.do(f"REVOKE {grant} FROM {{anna}}")
    assert Flaw.COPIES_HASHES in of(found, town, "anna")
    assert Flaw.COPIES_HASHES not in of(found, town, "bert")


def test_passwords_kept_as_md5_are_told_and_scram_is_not(town: World) -> None:
    found = judged(town.url)
    assert Flaw.WEAK_FORM in of(found, town, "eve")
    assert Flaw.WEAK_FORM not in of(found, town, "anna")


def test_rules_that_let_anybody_in_are_quoted(town: World) -> None:
    texts = {each.detail for each in everything(judged(town.url)) if each.flaw is Flaw.TRUSTED}
    assert any(text.endswith("host all all 127.0.0.1/32 trust") for text in texts), texts


def test_who_may_not_read_it_is_told_what_is_not_known(town: World) -> None:
    found = judged(town.url.replace("postgres@", f"{town.names['carl']}@"))
    assert any("GRANT SELECT ON pg_authid" in each for each in found.unknown)
    assert any("pg_hba_file_rules" in each for each in found.unknown)
    assert any("pg_read_all_settings" in each for each in found.unknown)
    assert any("pg_read_all_stats" in each for each in found.unknown)
    assert not any(each.flaw in (Flaw.WEAK_FORM, Flaw.TRUSTED) for each in found.weaknesses)
    assert of(found, town, "bert")[Flaw.RULES] == "superuser"


def test_the_grants_that_the_page_names_are_enough(town: World) -> None:
    name = town.names["plain"]
    town.do(
        "GRANT pg_read_all_settings, pg_read_all_stats TO {plain};"
        "GRANT SELECT ON pg_hba_file_rules TO {plain};"
        "GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO {plain}; GRANT SELECT ON pg_authid TO {plain};"
        "GRANT CONNECT ON DATABASE postgres TO {plain}"
    )
    try:
        assert not judged(town.url.replace("postgres@", f"{name}@")).unknown
    finally:
        town.do("DROP OWNED BY {plain}; REVOKE pg_read_all_settings, pg_read_all_stats FROM {plain}")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_passwords_of_a_list_are_found_whatever_form_they_are_kept_in(
    town: World, tmp_path: Path, newline: str
) -> None:
    words = tmp_path / "words.txt"
    words.write_text(newline.join(["123456", "letmein", "", "Winter2026!", "pässwörd"]), newline="")
    found = judged(town.url, words)
    listed = {each.who for each in everything(found) if each.flaw is Flaw.LISTED}
    assert listed == {town.names["anna"], town.names["eve"]}


def test_no_password_and_no_hash_is_ever_printed(town: World, tmp_path: Path, desk: Desk) -> None:
    words = tmp_path / "words.txt"
    words.write_text("Winter2026!\nletmein\n")
    assert desk.run("access", "hygiene", town.url, "--passwords", words, "--all") == 1
    kept = [
        str(row[0])
        for row in town.connection.execute("SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL")
    ]
    assert kept
    for secret in (*kept, "Winter2026!", "letmein", *(each[-30:] for each in kept)):
        assert secret not in desk.out + desk.err
    assert town.names["anna"] in desk.out


def test_the_answer_for_machines_has_all_of_it(town: World, desk: Desk) -> None:
    assert desk.run("access", "hygiene", town.url, "--json") == 1
    (place,) = json.loads(desk.out)["places"]
    assert place["edition"].startswith("PostgreSQL ")
    mine = [each for each in place["weaknesses"] if each["account"] == town.names["bert"]]
    assert [each["kind"] for each in mine] == ["may-do-everything"]
    assert place["unknown"] == []


def test_one_server_that_does_not_answer_does_not_hide_the_others(town: World, desk: Desk) -> None:
    gone = "postgresql://postgres:hidden@127.0.0.1:1/postgres"
    assert desk.run("access", "hygiene", gone, town.url) == 1
    assert "NOT READ postgresql://postgres@127.0.0.1:1/postgres" in desk.out
    assert "hidden" not in desk.out + desk.err
    assert desk.run("access", "hygiene", gone) == 4


def test_nothing_can_be_changed_by_the_connection(town: World) -> None:
    from trapstreet.plugins.identities._sessions import postgresql

    with postgresql(town.url, "x") as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("CREATE TABLE crumbs (id int)")


def test_a_wrong_password_is_said_plainly(town: World, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD + "x")
    assert desk.run("access", "hygiene", town.url.replace("postgres@", "locked@", 1)) == 3
    assert "refused the user or the password" in desk.err


@pytest.mark.slow
@pytest.mark.system
def test_a_server_that_others_reach_without_tls_is_told(postgres_15_url: str) -> None:
    def blamed(url: str) -> set[Flaw]:
        return {Flaw.NO_TLS, Flaw.OLD_TLS} & {each.flaw for each in everything(judged(url))}

    def set_to(**settings: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for name, value in settings.items():
                connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
            connection.execute("SELECT pg_reload_conf()")

    started = postgres_15_at("127.0.0.1,127.0.0.2")
    assert started
    url, folder = started
    assert blamed(url) == {Flaw.NO_TLS}
    certificate(folder, "localhost")
    shutil.chown(folder / "key.pem", "postgres")
    (folder / "key.pem").chmod(0o600)
    set_to(ssl="on", ssl_cert_file=str(folder / "cert.pem"), ssl_key_file=str(folder / "key.pem"))
    assert blamed(url) == set()
    set_to(ssl_min_protocol_version="TLSv1")
    assert blamed(url) == {Flaw.OLD_TLS}
    assert not blamed(postgres_15_url), "nobody else reaches one that listens here alone"
