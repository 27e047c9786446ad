"""Changes of rights as a script for the program mariadb."""

from collections.abc import Sequence

from trapstreet.core.model.changes import Step
from trapstreet.core.model.words import printable

MODE = "SET SESSION sql_mode = 'NO_AUTO_CREATE_USER'"
"""Else to give a right to an account that is gone would make one without a password."""
READ_AGAIN = "FLUSH PRIVILEGES"
"""What GRANT and REVOKE leave in memory can differ from what the server reads when it starts, and that was
proved. Seen in 10.11 with roles of users who have accounts for several hosts."""


def script(head: Sequence[str], steps: Sequence[Step]) -> str:
    """Statement by statement: MariaDB knows no transactions of them. The first lines are comments."""
    lines = [f"-- {printable(each)}" for each in head]
    if not steps:
        return "\n".join([*lines, "-- nothing to do", ""])
    lines.append(f"{MODE};")
    for each in steps:
        lines.append(f"-- {printable(each.says)}")
        lines += [f"{statement};" for statement in each.statements]
    return "\n".join([*lines, f"{READ_AGAIN};", ""])
