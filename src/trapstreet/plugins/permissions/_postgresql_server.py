"""Rights over a whole PostgreSQL server: each opens every table of every database (PostgreSQL's manual, 21.5
Predefined Roles, 9.28.10 Generic File Access Functions, 20 Server Configuration).

What only a server shows, and is so here: who may execute the functions that read files needs no membership
of pg_read_server_files to read the folder of the data; SET on session_preload_libraries is enough to have it
at one's own next login.
"""

from collections.abc import Iterable, Iterator

from trapstreet.core.model.rights import Bits, Door, Grant, How, Rows, bits_of
from trapstreet.plugins.permissions._postgresql_catalogue import Parameter, Power
from trapstreet.plugins.permissions._postgresql_roles import WATCHES, Roles

_RUNS, _READS, _WRITES = "pg_execute_server_program", "pg_read_server_files", "pg_write_server_files"
_READS_FILES = "as the server's own user it reads the files of every database"
_WRITES_FILES = "as the server's own user it writes pg_hba.conf, and can let itself in as anybody"
_REPLICATES = (
    "REPLICATION: may copy the whole server, where pg_hba.conf lets it connect for that,"
    " and follow what changes, where wal_level is logical"
)

_AT_START = "a library of one's own, once the server is started again"
_AT_LOGIN = "a library of one's own, when somebody logs in"
_IN_RECOVERY = "a program, while the server is recovered or follows another one"
_ARCHIVES = "each file of its log, where archive_mode is on"
_LETS_IN = "who is let in, once its settings are read again"
_LIBRARIES = "another folder with libraries, for what is loaded by name"

_SETTINGS = {
    "archive_cleanup_command": _IN_RECOVERY,
    "archive_command": f"a program, for {_ARCHIVES}",
    "archive_library": f"a library of one's own, for {_ARCHIVES}",
    "dynamic_library_path": _LIBRARIES,
    "extension_control_path": "an extension of one's own, whose script runs as a superuser",
    "hba_file": _LETS_IN,
    "ident_file": _LETS_IN,
    "jit_provider": "a library of one's own, at the first long statement after a start",
    "oauth_validator_libraries": _AT_LOGIN,
    "plperl.on_init": "Perl of one's own, at somebody's first function in it",
    "plperl.on_plperlu_init": "Perl of one's own, at somebody's first function in it",
    "recovery_end_command": _IN_RECOVERY,
    "restore_command": _IN_RECOVERY,
    "session_preload_libraries": _AT_LOGIN,
    "shared_preload_libraries": _AT_START,
    "ssl_passphrase_command": "a program, when the server's TLS key has a passphrase",
}
"""What each parameter makes the server run as its own user, or lets one choose, by its description in the
manual. Left out are those that everybody may set (local_preload_libraries), those that only write more into
logs, and those that ALTER SYSTEM does not change (data_directory, config_file)."""

_SET_IS_ENOUGH = (
    "dynamic_library_path",
    "extension_control_path",
    "plperl.on_plperlu_init",
    "session_preload_libraries",
)
"""Those that one sets for a session, or for all of one's own by ALTER ROLE, with SET on them."""


def over_all(roles: Roles, parameters: Iterable[Parameter]) -> Iterator[Door]:
    """Doors to all that the server holds, by what is given for the whole of it."""
    superusers, has, all_ = roles.superusers, roles.has, roles.everybody
    yield Door(None, How.SUPERUSER, superusers, (Grant("superuser", superusers),), all_)
    for name, does in ((_RUNS, _READS_FILES), (_READS, _READS_FILES), (_WRITES, _WRITES_FILES)):
        if given := roles.called(name):
            grants = (Grant(f"{name}: {does}", given),)
            sure, could = name != _READS, name == _WRITES
            yield Door(None, How.SERVER, has.arriving(given), grants, all_, sure=sure, could=could)
    for each in parameters:
        if each.name in _SETTINGS and (each.right != "SET" or each.name in _SET_IS_ENOUGH):
            text = f"{each.right} on parameter {each.name}: {_SETTINGS[each.name]}"
            opens = roles.holding(each.may) & ~superusers
            grants = (Grant(text, roles.given(each.may)),)
            yield Door(None, How.SERVER, opens, grants, all_, sure=False, could=True)
    if given := bits_of(n for n, each in enumerate(roles.roles) if each.replicates) & ~superusers:
        yield Door(None, How.REPLICATION, given, (Grant(_REPLICATES, given),), all_, sure=False)
    if given := roles.called(WATCHES):
        grants = (Grant(f"{WATCHES}: sees what others ask while it runs, and the values in that", given),)
        yield Door(None, How.STATEMENTS, has.arriving(given), grants, all_, Rows.SHOWN, sure=False)


def by_powers(powers: Iterable[Power], roles: Roles, enters: Bits) -> Iterator[Door]:
    """Doors to all that the server holds, for who may execute some functions in one of its databases."""
    for each in powers:
        given = roles.given(each.may_execute)
        uses = roles.holding(each.may_use) | roles.read_all | roles.write_all
        opens = roles.has.arriving(given) & uses & ~roles.superusers
        if not opens:
            continue
        how, does = How.SERVER, _READS_FILES
        writes = each.symbol.startswith(("be_lo_export", "pg_file_"))
        if writes:
            does = _WRITES_FILES
        elif each.symbol.startswith("dblink"):
            how, does = How.PROXY, "connects without a password as whom pg_hba.conf lets the server itself in"
        text = f"EXECUTE on function {each.name}: {does}"
        yield Door(None, how, opens, (Grant(text, given),), enters, sure=writes, could=writes)
