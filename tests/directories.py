"""Real directories on loopback: OpenLDAP, and a domain controller of Samba's in a network of its own.

Each skips where it is not installed, as servers.py does.
"""

import atexit
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from servers import PASSWORD, _folder, _free_port, _wait_for_port

DOMAIN_PASSWORD = f"{PASSWORD}A1"
"""Of everybody in the domain."""

_SLAPD = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
pidfile {folder}/pid
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
sizelimit {limit}
TLSCertificateFile {folder}/cert.pem
TLSCertificateKeyFile {folder}/key.pem
TLSCACertificateFile {folder}/cert.pem
access to attrs=userPassword by dn.exact="cn=reader,dc=example,dc=com" read by anonymous auth by * none
access to dn.subtree="ou=closed,dc=example,dc=com" by dn.exact="cn=reader,dc=example,dc=com" read by * none
access to * by users read by anonymous {strangers}
database mdb
suffix dc=example,dc=com
rootdn cn=root,dc=example,dc=com
rootpw {password}
directory {folder}/data
dbnosync
overlay ppolicy
lastbind on
"""


@dataclass(frozen=True)
class Slapd:
    """A running OpenLDAP. ca: who signed its certificate, for localhost."""

    port: int
    tls_port: int
    ca: Path

    def add(self, ldif: str) -> None:
        """Add entries as its root."""
        subprocess.run(
            ["ldapadd", "-x", "-H", f"ldap://localhost:{self.port}",
             "-D", "cn=root,dc=example,dc=com", "-w", PASSWORD],
            input=ldif.encode(), check=True, capture_output=True,
        )  # fmt: skip

    def log_in(self, dn: str, password: str) -> bool:
        """Whether somebody may."""
        done = subprocess.run(
            ["ldapwhoami", "-x", "-H", f"ldap://localhost:{self.port}", "-D", dn, "-w", password],
            check=False, capture_output=True,
        )  # fmt: skip
        return done.returncode == 0


def certificate(folder: Path, name: str) -> Path:
    """A key, and a certificate that signs itself, for a name; the certificate."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName={'IP' if name[0].isdigit() else 'DNS'}:{name}",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    (folder / "key.pem").chmod(0o644)
    return folder / "cert.pem"


@cache
def slapd(*, limit: int = -1, strangers: str = "auth") -> Slapd | None:
    """strangers: what those may do who have not logged in."""
    daemon = shutil.which("slapd", path=f"{os.defpath}:/usr/sbin")
    if not daemon or not shutil.which("ldapadd"):
        return None
    folder, port, tls_port = _folder("slapd"), _free_port(), _free_port()
    (folder / "data").mkdir()
    ca = certificate(folder, "localhost")
    config = folder / "slapd.conf"
    config.write_text(
        _SLAPD.format(
            folder=folder, password=PASSWORD, strangers=strangers, limit="unlimited" if limit < 0 else limit
        )
    )
    listens = f"ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}"
    process = subprocess.Popen(
        [daemon, "-d", "0", "-f", config, "-h", listens], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    _wait_for_port(port, process)
    return Slapd(port, tls_port, ca)


_DOMAIN = """[global]
netbios name = DC1
workgroup = EXAMPLE
realm = EXAMPLE.TEST
server role = active directory domain controller
server services = ldap
interfaces = {address}/8
bind interfaces only = yes
disable netbios = yes
binddns dir = {folder}/bind-dns
cache directory = {folder}/cache
lock directory = {folder}
state directory = {folder}/state
private dir = {folder}/private
pid directory = {folder}
ncalrpc dir = {folder}/rpc
log file = {folder}/log
tls certfile = {folder}/cert.pem
tls keyfile = {folder}/key.pem
tls cafile = {folder}/cert.pem
"""


@dataclass(frozen=True)
class Domain:
    """A running domain controller, example.test, with the people of domain_people.py.

    address  of loopback, as its ports are those of any such controller
    """

    address: str
    ca: Path
    folder: Path


@cache
def domain() -> Domain | None:
    daemon, tool = shutil.which("samba", path=f"{os.defpath}:/usr/sbin"), shutil.which("samba-tool")
    parts = Path("/usr/share/samba/setup").is_dir() and any(Path("/usr/lib").glob("*/samba/ldb/acl.so"))
    if not daemon or not tool or not parts or os.geteuid() != 0:
        return None
    folder = _folder("domain")
    address = f"127.{folder.stat().st_ino % 250 + 2}.{os.getpid() % 250 + 2}.9"
    config = folder / "smb.conf"
    subprocess.run(
        ["/usr/bin/python3", "-I", tool, "domain", "provision", "--realm=EXAMPLE.TEST",
         "--domain=EXAMPLE", f"--adminpass={DOMAIN_PASSWORD}",
         "--server-role=dc", "--dns-backend=NONE", "--host-name=dc1", f"--host-ip={address}",
         f"--targetdir={folder}"],
        check=True, capture_output=True,
    )  # fmt: skip
    ca = certificate(folder, address)
    (folder / "key.pem").chmod(0o600)
    config.write_text(_DOMAIN.format(folder=folder, address=address))
    fill = ["/usr/bin/python3", "-I", Path(__file__).with_name("domain_people.py"), config, DOMAIN_PASSWORD]
    subprocess.run(fill, check=True, capture_output=True)
    process = subprocess.Popen(
        [daemon, "-i", "-M", "single", "-s", config],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    _wait_for_address(address, 636, process)
    return Domain(address, ca, folder)


def _wait_for_address(address: str, port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((address, port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("samba did not start")
        time.sleep(0.1)
