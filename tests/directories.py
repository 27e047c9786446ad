"""Real directories on loopback: OpenLDAP, and a domain controller of Samba's in a network of its own.

Each skips where it is not installed, as servers.py does.
"""

import atexit
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from domain_controllers import new_domain
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


_SETTINGS = """server services = ldap
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
    if not any(Path("/usr/lib").glob("*/samba/ldb/acl.so")):
        return None
    made = new_domain("EXAMPLE", DOMAIN_PASSWORD)
    if made is None:
        return None
    ca = certificate(made.folder, made.address)
    (made.folder / "key.pem").chmod(0o600)
    made.set(_SETTINGS.format(folder=made.folder))
    made.fill(Path(__file__).with_name("domain_people.py").read_text(), DOMAIN_PASSWORD)
    made.serve(636)
    return Domain(made.address, ca, made.folder)
