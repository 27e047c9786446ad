"""`trapstreet verify`."""

from collections.abc import Sequence
from pathlib import Path

import click

from trapstreet.cli.options import FILE, example, json_option, password_file_option
from trapstreet.cli.output import emit
from trapstreet.core.model.errors import UnusableInput

DOES_NOT_HOLD = 1
SOMETHING_UNREAD = 6


@click.command(
    epilog=example(
        "trapstreet verify proof.json",
        "trapstreet verify proof.json paste.txt --log-key 'trapstreet/abcdefghijklmnop+4f3d7636+AcXd…'",
    )
)
@click.argument("proof", type=FILE)
@click.argument("leak", nargs=-1)
@click.option(
    "--log-key",
    metavar="KEY",
    help="The log key as the workspace's owner published it; it stands in trapstreet.toml and on the kit.",
)
@password_file_option
@json_option
def command(
    *, proof: Path, leak: Sequence[str], log_key: str | None, password_file: Path | None, as_json: bool
) -> int:
    """Check PROOF, which trapstreet trace --proof wrote: every claim that can be computed is computed again.

    No workspace, no keys and no network are needed. With the LEAK files they are read again too: then it
    need not be believed that decoys of a single copy are in them. Says what remains on trust. Exit status 0
    if the proof holds, 1 if it does not, 2 if the file is no proof, 6 if it cannot be compared with the leak
    because something of that could not be read.
    """
    from trapstreet.app.passwords import passwords_in
    from trapstreet.app.verifying import verify
    from trapstreet.keys.notes import read_verifier_key

    if log_key is not None:
        log_key = log_key.strip()
        try:
            read_verifier_key(log_key)
        except ValueError as error:
            hint = "copy the whole line: trapstreet/…+…+…"
            raise UnusableInput("--log-key is no log key", hint=hint) from error
    result = verify(proof, leak, log_key=log_key, passwords=passwords_in(password_file))
    from trapstreet.render.proofs import document, proof_lines, trusts

    answer: dict[str, object] = {"holds": not result.why, "why": result.why or None, "unread": result.unread}
    lines = [each.line for each in result.unread]
    if result.undecided:
        why = f"The proof holds by itself, but cannot be compared with its leak: {result.why}."
        emit(as_json, answer | {"holds": None}, "\n".join([*lines, why]))
        return SOMETHING_UNREAD
    if result.checked is None:
        emit(as_json, answer, "\n".join([*lines, f"The proof does not hold: {result.why}."]))
        return DOES_NOT_HOLD
    known = {"expected_key": log_key is not None, "recounted": result.recounted}
    answer |= {
        "log_key": result.proof.log.key,
        **known,
        "bound": float(result.proof.claims.bound),
        "copies": result.proof.claims.copies,
        "accused": document(result.proof, result.checked),
        "on_trust": trusts(result.proof, result.checked, **known),
    }
    emit(as_json, answer, "\n".join([*lines, *proof_lines(result.proof, result.checked, **known)]))
    return 0
