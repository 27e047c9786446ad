"""`trapstreet --help`, and that of every command, answers in a tenth of a second, from bytecode."""

from functools import partial

from measuring import best_of, desk
from trapstreet.cli import COMMANDS


def main() -> None:
    with desk() as at:
        at.say("trapstreet --help", best_of(5, partial(at.run, "--help")), seconds=0.1)
        for name in COMMANDS:
            at.say(f"trapstreet {name} --help", best_of(5, partial(at.run, name, "--help")), seconds=0.1)


if __name__ == "__main__":
    main()
