"""Files in logs, named as maps of rights name them."""

import posixpath


def file_path(whole: str) -> tuple[str, ...]:
    """A file's folder and its name, by its whole path; () for a path that names none.

    `//`, `.` and `..` are taken out as they stand: no link is followed, nothing is looked up.
    """
    folder, name = posixpath.split(posixpath.normpath("/" + whole.lstrip("/")))
    return (folder, name) if name else ()


def share_path(share: str, whole: str, root: str = "") -> tuple[str, ...]:
    """A file of a share of a server: its folder, as smb://server/share/folder, and its name; () for none.

    root  the server's own folder that is shared: paths that are not in it name nothing
    """
    found = file_path(whole)
    top = posixpath.normpath(f"/{root.strip('/')}").rstrip("/")
    if not found or not f"{found[0]}/".startswith(f"{top}/"):
        return ()
    inner = found[0][len(top) :].strip("/")
    return (f"{share}/{inner}" if inner else share, found[1])
