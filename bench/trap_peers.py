"""What the trap is measured beside: the same durable hit by the usual means, as a server of its own.

trap_peers.py uvicorn|django PORT FOLDER
"""

import asyncio
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

PAGE = b"x" * 930


def bare(folder: Path) -> Any:
    """An ASGI application that commits each hit by itself before it answers, in one writer thread."""
    writer = ThreadPoolExecutor(1)
    database = sqlite3.connect(folder / "peer.sqlite", isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE hit (path TEXT, headers TEXT)")

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        hit = scope["path"], repr(scope["headers"])
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(writer, database.execute, "INSERT INTO hit VALUES (?, ?)", hit)
        headers = [(b"content-type", b"text/html"), (b"content-length", b"%d" % len(PAGE))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": PAGE})

    return application


def django(folder: Path) -> Any:
    """A Django view that creates a row; SQLite as the trap has it."""
    from django.conf import settings

    pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": folder / "django.sqlite",
        "OPTIONS": {"init_command": pragmas, "transaction_mode": "IMMEDIATE", "timeout": 20},
    }
    settings.configure(
        ALLOWED_HOSTS=["*"], DATABASES={"default": database}, ROOT_URLCONF=__name__, DEBUG=False, USE_TZ=True
    )
    import django as framework
    from django.core.asgi import get_asgi_application
    from django.db import connection, models
    from django.http import HttpResponse
    from django.urls import re_path

    framework.setup()

    class Hit(models.Model):
        path = models.TextField()
        headers = models.TextField()

        class Meta:
            app_label = "peer"

    with connection.schema_editor() as editor:
        editor.create_model(Hit)

    def view(request: Any) -> HttpResponse:
        Hit.objects.create(path=request.path, headers=repr(dict(request.headers)))
        return HttpResponse(PAGE)

    global urlpatterns  # noqa: PLW0603  where Django looks for it
    urlpatterns = [re_path("", view)]
    return get_asgi_application()


urlpatterns: list[Any] = []


def main() -> None:
    import uvicorn

    name, port, folder = sys.argv[1:]
    application = {"uvicorn": bare, "django": django}[name](Path(folder))
    uvicorn.run(
        application, host="127.0.0.1", port=int(port), loop="uvloop", http="httptools", log_level="warning"
    )


if __name__ == "__main__":
    main()
