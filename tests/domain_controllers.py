"""Samba as a domain controller, on an address of loopback of its own: its ports are any such server's."""

import atexit
import itertools
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from samba import end_helpers
from servers import _folder

_WHERE = f"{os.defpath}:/usr/sbin"
_LAST = itertools.count(9)
_CONFIG = """[global]
netbios name = DC1
workgroup = {domain}
realm = {domain}.TEST
server role = active directory domain controller
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
"""


@dataclass(frozen=True)
class NewDomain:
    """A domain without people of its own, which nobody serves yet. folder: all of it."""

    address: str
    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "smb.conf"

    def set(self, settings: str) -> None:
        """Settings of its own, in the section [global] to begin with."""
        with self.config.open("a") as file:
            file.write(settings)

    def fill(self, program: str, password: str) -> None:
        """Run a program's text in the system's Python, which has samba, with SMB_CONF PASSWORD."""
        command = ["/usr/bin/python3", "-I", "-c", program, self.config, password]
        subprocess.run(command, check=True, capture_output=True)

    def serve(self, port: int, *, environment: Mapping[str, str] | None = None) -> None:
        """Serve it to the end of this process, and wait until the port is open."""
        process = subprocess.Popen(
            [shutil.which("samba", path=_WHERE), "-i", "-M", "single", "-s", self.config],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=os.environ | (environment or {}),
        )
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        atexit.register(end_helpers, self.folder)
        atexit.register(process.wait)
        atexit.register(process.terminate)
        deadline = time.monotonic() + 60
        while True:
            with socket.socket() as probe:
                if probe.connect_ex((self.address, port)) == 0:
                    return
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("samba did not start")
            time.sleep(0.1)


def new_domain(name: str, password: str) -> NewDomain | None:
    """The domain NAME, for Kerberos NAME.TEST; its Administrator has the password. None: no Samba for it."""
    daemon, tool = shutil.which("samba", path=_WHERE), shutil.which("samba-tool")
    if not daemon or not tool or not Path("/usr/share/samba/setup").is_dir() or os.geteuid() != 0:
        return None
    folder = _folder(f"domain-{name.lower()}")
    address = f"127.{folder.stat().st_ino % 250 + 2}.{os.getpid() % 250 + 2}.{next(_LAST)}"
    subprocess.run(
        ["/usr/bin/python3", "-I", tool, "domain", "provision", f"--realm={name}.TEST", f"--domain={name}",
         f"--adminpass={password}", "--server-role=dc", "--dns-backend=NONE", "--host-name=dc1",
         f"--host-ip={address}", f"--targetdir={folder}"],
        check=True, capture_output=True,
    )  # fmt: skip
    made = NewDomain(address, folder)
    made.config.write_text(_CONFIG.format(domain=name, address=address, folder=folder))
    return made
