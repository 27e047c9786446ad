"""Encrypted documents as LibreOffice saves them."""

import subprocess
from pathlib import Path

from readers import needs

_PATIENCE = 120
_MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1"
 script:language="StarBasic">
Sub Save(origin As String, target As String, filter As String, word As String)
  Dim hidden(0) As New com.sun.star.beans.PropertyValue
  hidden(0).Name = "Hidden"
  hidden(0).Value = True
  Dim how(1) As New com.sun.star.beans.PropertyValue
  how(0).Name = "FilterName"
  how(0).Value = filter
  how(1).Name = "Password"
  how(1).Value = word
  doc = StarDesktop.loadComponentFromURL(origin, "_blank", 0, hidden())
  doc.storeToURL(target, how())
  doc.close(True)
End Sub
</script:module>
"""
FILTERS = {"odt": "writer8", "ods": "calc8", "doc": "MS Word 97", "xls": "MS Excel 97"}


def encrypted(document: Path, to: str, password: str, folder: Path) -> bytes:
    """The document as LibreOffice saves it with a password; the folder keeps its profile."""
    needs("soffice")
    made = folder / f"locked.{to}"
    office = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--norestore"]
    module = folder / "profile" / "user" / "basic" / "Standard" / "Module1.xba"
    if not module.exists():  # the first start makes the profile
        _run([*office, "--terminate_after_init"])
    module.write_text(_MODULE)
    macro = f'macro:///Standard.Module1.Save("{document.as_uri()}","{made.as_uri()}","{FILTERS[to]}","{password}")'
    _run([*office, macro])
    return made.read_bytes()


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE)
