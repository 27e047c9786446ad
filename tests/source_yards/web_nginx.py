"""An open folder as nginx lists it, behind a login: with dates to the minute and sizes."""

import base64
import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, ClassVar

import pytest

from servers import PASSWORD, _free_port
from source_yards import AWKWARD
from source_yards import web as plain

_CONFIG = """daemon off;
pid {folder}/pid;
error_log {folder}/errors;
{user}
events {{}}
http {{
    access_log off;
    types {{ text/plain txt; }}
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen 127.0.0.1:{port};
        root {place};
        autoindex on;
        autoindex_exact_size on;
        auth_basic here;
        auth_basic_user_file {folder}/logins;
    }}
}}
"""


class Here(plain.Here):
    marks: ClassVar[tuple[Any, ...]] = (pytest.mark.system,)
    awkward: ClassVar[tuple[str, ...]] = tuple(
        name for name in (*AWKWARD, "not UTF-8 \udcff.txt") if not name.startswith(".")
    )

    def serve(self, place: Path) -> int:
        program = shutil.which("nginx", path=f"{os.defpath}:/usr/sbin")
        if not program:
            pytest.fail("nginx is not installed")
        folder, port = self.folder / "nginx", _free_port()
        folder.mkdir()
        digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
        (folder / "logins").write_text(f"watcher:{{SHA}}{digest}\n")
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "config").write_text(_CONFIG.format(folder=folder, user=user, port=port, place=place))
        self._nginx = subprocess.Popen(
            [program, "-p", folder, "-c", folder / "config", "-e", folder / "errors"],
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while not (folder / "pid").exists() or not (folder / "pid").read_text():
            assert self._nginx.poll() is None, (folder / "errors").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return port

    def close(self) -> None:
        self._nginx.terminate()
        self._nginx.wait()
