"""What bait is opened with on this machine: LibreOffice, Chromium, a reader of QR codes, a scanner for bait.

A program that is missing skips its tests, unless TRAPSTREET_REQUIRE_SERVERS=1 says that it must be there.
"""

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b")
_PATIENCE = 90


class Trap(http.server.ThreadingHTTPServer):
    """A web server on loopback that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.hits: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def taken(self) -> set[str]:
        """Host and path of what was asked for since the last time."""
        found, self.hits = {f"127.0.0.1{path}" for path in self.hits}, []
        return found


class _Answer(http.server.BaseHTTPRequestHandler):
    server: Trap

    def do_GET(self) -> None:
        self.server.hits.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "image/gif")
        self.end_headers()
        self.wfile.write(_PIXEL)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@contextmanager
def trap() -> Iterator[Trap]:
    server = Trap()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def needs(*programs: str) -> None:
    for program in programs:
        if not shutil.which(program):
            if os.environ.get("TRAPSTREET_REQUIRE_SERVERS") == "1":
                pytest.fail(f"{program} is not installed")
            pytest.skip(f"{program} is not installed")


def libreoffice(document: Path, to: str, folder: Path) -> Path:
    """Opens the document, as a window would, and saves it in another format."""
    needs("soffice")
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", to, "--outdir", str(folder), str(document)]
    subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE)
    made = folder / f"{document.stem}.{to.partition(':')[0]}"
    assert made.stat().st_size
    return made


def chromium(page: Path, folder: Path, *arguments: str) -> None:
    """Shows a file; it can reach nothing but loopback."""
    needs("chromium")
    command = [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", f"--user-data-dir={folder}/browser",
        "--virtual-time-budget=3000", *(arguments or ("--dump-dom",)), page.as_uri(),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE)


def camera(picture: Path) -> str:
    """What a QR code says."""
    needs("zbarimg")
    command = ["zbarimg", "--quiet", "--raw", str(picture)]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=_PATIENCE
    ).stdout.strip()


def scanner(folder: Path, out: Path) -> list[dict[str, str]]:
    """What canary-scan says of the files in a folder, in its own words."""
    needs("exiftool", "qpdf", "mutool", "7z", "pdftotext", "rg", "unzip")
    program = Path(sys.executable).with_name("canary-scan")
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    command = [str(program), "scan", str(folder), "-o", str(out), "--workers", "2", "--quiet", "--force"]
    subprocess.run(
        command,
        check=True,
        capture_output=True,
        timeout=_PATIENCE,
        cwd=folder.parent,
        env={**os.environ, "PATH": path},
    )
    return [json.loads(line) for line in (out / "canary-scan-report.json").read_text().splitlines()]
