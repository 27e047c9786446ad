"""Access logs taken in: how fast lines are parsed, and how long a whole import and the questions take.

    .venv/bin/python bench/access_events.py [--quick]

400,000 uses in each kind of log: 200 accounts, 300 shapes of statements over 60 tables, values drawn at
random with a fixed seed; a fifth of PostgreSQL's statements have two lines (a view, and the table behind it).
In the logs of files, an event opens one of some 30 million.
"""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measuring import SEED, Desk, desk
from trapstreet.core.model.access_events import Unread
from trapstreet.plugins.accesslogs import HEAD_BYTES, Lines, Log, kind_of, unpacked

USES = 400_000
PARSED = 50_000
"""Log events a second and core, promised."""
PLACES = {
    "mariadb": "mariadb://db.internal/", "own": "postgresql://own.internal/",
    "samba_audit": "smb://samba.internal/", "windows": "smb://windows.internal/", "auditd": "/tmp",
}  # fmt: skip
TABLES, SHAPES, ACCOUNTS = 60, 300, 200


def main() -> None:
    with desk() as at:
        uses = USES // (20 if at.quick else 1)
        at.begin()
        writers = {
            "postgresql_csv": _csv, "postgresql_json": _json, "mariadb": _mariadb, "own": _own,
            "samba_audit": _samba, "windows": _windows, "auditd": _auditd,
        }  # fmt: skip
        for name, lines in writers.items():
            path = at.folder / name
            with path.open("w", encoding="utf-8") as file:
                file.writelines(lines(uses))
            _parse(at, path)
            place = PLACES.get(name, f"postgresql://{name.rpartition('_')[2]}.internal/")
            cost = at.run("access", "import", path, "--place", place)
            at.say(f"import of {name}", cost, items=uses)
            again = at.run("access", "import", path, "--place", place)
            at.say("    once more: nothing new", again)
        stored = sum(each.stat().st_size for each in (at.workspace / "events").rglob("*.parquet"))
        print(f"kept: {stored / 1e6:.1f} MB of Parquet for {len(writers) * uses:,} uses")
        _ask(at)


def _parse(at: Desk, path: Path) -> None:
    with unpacked(path) as stream:
        _, kind = kind_of(stream.read(HEAD_BYTES), path.name)
    began = time.process_time()
    with unpacked(path) as stream:
        lines = Lines(stream)
        count = 0
        for each in kind.read(lines, Log(path.name, place=PLACES.get(path.name, ""))):
            assert not isinstance(each, Unread)
            count += 1
    rate = count / (time.process_time() - began)
    kept = rate >= PARSED
    print(
        f"parse of {path.name}: {rate:,.0f} events/s of CPU ({lines.number:,} lines),"
        f" promised {PARSED:,}: {'kept' if kept else 'MISSED'}",
        flush=True,
    )
    if not kept:
        at.missed.append(f"parse of {path.name}")


def _ask(at: Desk) -> None:
    from trapstreet.app.uses import past_uses, records_used
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(at.workspace)
    place = "postgresql://csv.internal/"
    began = time.perf_counter()
    found = past_uses(opened, place)
    uses = sum(each.times for each in found)
    print(f"past uses: {len(found):,} for {uses:,} in {time.perf_counter() - began:.2f} s")
    began = time.perf_counter()
    records = records_used(opened, place, ("crm", "public", "t3"))
    count = sum(len(named.records) for each in records.values() for named in each.named.values())
    print(f"records used of one table: {count:,} in {time.perf_counter() - began:.2f} s")


def _uses(count: int) -> Iterator[tuple[datetime, int, str, str, int, str]]:
    """Time, account, table, statement with a value in it, the value, and a column of the shape."""
    rng = random.Random(SEED)
    at = datetime(2026, 8, 1, tzinfo=UTC)
    for _ in range(count):
        at += timedelta(milliseconds=rng.randrange(30_000))
        shape, value = rng.randrange(SHAPES), rng.randrange(100_000)
        table = f"t{shape % TABLES}"
        column = f"c{shape // TABLES}"
        statement = (
            f"SELECT id, name, email, {column} FROM {table} WHERE id = {value}"
            f" AND {column} <> 'none of {value}' ORDER BY name LIMIT 20"
        )
        yield at, rng.randrange(ACCOUNTS), table, statement, value, column


def _messages(count: int) -> Iterator[tuple[str, int, str]]:
    for n, (at, who, table, statement, _, _) in enumerate(_uses(count)):
        stamp = at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03d} UTC"
        text = statement.replace('"', '""')
        if n % 5 == 0:
            yield stamp, who, f'AUDIT: SESSION,{n},1,READ,SELECT,VIEW,public.v_{table},"{text}",<none>,1'
        yield stamp, who, f'AUDIT: SESSION,{n},1,READ,SELECT,TABLE,public.{table},"{text}",<none>,1'


def _csv(count: int) -> Iterator[str]:
    for stamp, who, message in _messages(count):
        quoted = message.replace('"', '""')
        yield (
            f'{stamp},"u{who}","crm",{who},"10.0.0.{who}:5000",6b03cbac.{who},3,"SELECT",{stamp[:19]} UTC,'
            f'4/2,0,LOG,00000,"{quoted}",,,,,,,,,"desk","client backend",,0\n'
        )


def _json(count: int) -> Iterator[str]:
    for stamp, who, message in _messages(count):
        quoted = message.replace('"', '\\"')
        yield (
            f'{{"timestamp":"{stamp}","user":"u{who}","dbname":"crm","pid":{who},"remote_host":"10.0.0.{who}",'
            f'"remote_port":5000,"session_id":"6b03cbac.{who}","line_num":3,"ps":"SELECT","session_start":'
            f'"{stamp[:19]} UTC","vxid":"4/2","txid":0,"error_severity":"LOG","message":"{quoted}",'
            f'"application_name":"desk","backend_type":"client backend","query_id":0}}\n'
        )


def _mariadb(count: int) -> Iterator[str]:
    for n, (at, who, table, statement, _, _) in enumerate(_uses(count)):
        head = f"{at:%Y%m%d %H:%M:%S},db,u{who},10.0.0.{who},{who},{n}"
        quoted = statement.replace("'", "\\'")
        yield f"{head},READ,crm,{table},\n{head},QUERY,crm,'{quoted}',0\n"


def _own(count: int) -> Iterator[str]:
    for at, who, table, _, value, _ in _uses(count):
        yield (
            f'{{"ts":"{at.isoformat()}","user":"u{who}","action":"read","object":["crm","public","{table}"],'
            f'"records":[{value}],"column":"id","client":"10.0.0.{who}","program":"desk"}}\n'
        )


def _opened(count: int) -> Iterator[tuple[datetime, int, str]]:
    """Time, account and file."""
    for at, who, table, _, value, column in _uses(count):
        yield at, who, f"{table}/{column}/report of {value}.xlsx"


def _samba(count: int) -> Iterator[str]:
    for at, who, file in _opened(count):
        yield (
            f"{at.isoformat()} files smbd_audit: u{who}|10.0.0.{who}|desk{who}|sales|/srv/sales"
            f"|create_file|ok|0x120089|file|open|/srv/sales/{file}\n"
        )


def _windows(count: int) -> Iterator[str]:
    for n, (at, who, file) in enumerate(_opened(count)):
        name = file.replace("/", "\\")
        granted = "D:(A;;0x1301bf;;;WD)\n\t\t\t\t"
        yield (
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
            "<Provider Name='Microsoft-Windows-Security-Auditing'"
            " Guid='{54849625-5478-4994-a5ba-3e3b0328c30d}'/>"
            "<EventID>5145</EventID><Version>0</Version><Level>0</Level><Task>12811</Task><Opcode>0</Opcode>"
            f"<Keywords>0x8020000000000000</Keywords><TimeCreated SystemTime='{at:%Y-%m-%dT%H:%M:%S.%f}0Z'/>"
            f"<EventRecordID>{n}</EventRecordID><Correlation/><Execution ProcessID='4' ThreadID='88'/>"
            "<Channel>Security</Channel><Computer>FILES</Computer><Security/></System><EventData>"
            f"<Data Name='SubjectUserSid'>S-1-5-21-1-2-3-{who}</Data>"
            f"<Data Name='SubjectUserName'>u{who}</Data>"
            "<Data Name='SubjectDomainName'>CORP</Data><Data Name='SubjectLogonId'>0x38d34</Data>"
            f"<Data Name='ObjectType'>File</Data><Data Name='IpAddress'>10.0.0.{who}</Data>"
            r"<Data Name='IpPort'>56926</Data><Data Name='ShareName'>\\*\sales</Data>"
            rf"<Data Name='ShareLocalPath'>\??\C:\sales</Data><Data Name='RelativeTargetName'>{name}</Data>"
            "<Data Name='AccessMask'>0x120089</Data>"
            "<Data Name='AccessList'>%%1538\n\t\t\t\t%%4416\n\t\t\t\t</Data>"
            f"<Data Name='AccessReason'>%%1538:\t%%1801\t{granted}%%4416:\t%%1801\t{granted}</Data>"
            "</EventData></Event>\n"
        )


def _auditd(count: int) -> Iterator[str]:
    for n, (at, who, file) in enumerate(_opened(count)):
        head = f"msg=audit({at.timestamp():.3f}:{n}):"
        yield (
            f"type=SYSCALL {head} arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7ffe a2=0 a3=0"
            f" items=1 ppid=1 pid=2 auid={2000 + who} uid={2000 + who} gid=5 euid=5 suid=5 fsuid={2000 + who}"
            f' egid=5 sgid=5 fsgid=5 tty=pts0 ses=1 comm="cat" exe="/bin/cat" key="share"\x1dARCH=x86_64'
            f' SYSCALL=openat AUID="u{who}" UID="u{who}" GID="staff" FSUID="u{who}"\n'
            f'type=CWD {head} cwd="/home/u{who}"\n'
            f'type=PATH {head} item=0 name="/tmp/sales/{file}" inode=4 dev=fd:00 mode=0100640 ouid=0 ogid=0'
            " rdev=00:00 nametype=NORMAL cap_fp=0\n"
        )


if __name__ == "__main__":
    main()
