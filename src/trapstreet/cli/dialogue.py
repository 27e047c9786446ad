"""Questions at a terminal, or their answers from options: one way for people and for scripts."""

import sys

import click

from trapstreet.core.model.errors import UnusableInput


class Dialogue:
    """Says what happens, and asks what cannot be found out.

    aside  everything is said on standard error: standard output is for a JSON document
    """

    def __init__(self, *, aside: bool) -> None:
        self._aside = aside
        self._asked = dict[str, str]()
        self.attended = sys.stdin.isatty()

    def say(self, text: str) -> None:
        click.echo(text, err=self._aside)

    def ask(
        self, question: str, *, option: str, given: str | None, usual: str = "", hidden: bool = False
    ) -> str:
        """The answer: the one given, else what is typed, else the usual one. Asked again, it is what was
        answered before that is usual, and what was given did not do.

        Raises UnusableInput where there is none and nobody can be asked.
        """
        before = self._asked.get(option)
        if given is not None and before is None:
            answer = given
        elif self.attended:
            usual = usual if before is None or hidden else before
            answer = click.prompt(
                question,
                default=None if hidden else usual,
                show_default=bool(usual),
                hide_input=hidden,
                err=self._aside,
            )
        elif usual:
            answer = usual
        else:
            asked = question.partition(". ")[2] or question
            raise UnusableInput(
                f"nobody is there to ask: {asked.strip()}", hint=f"pass {option}, or run it at a terminal"
            )
        self._asked[option] = answer.strip()
        return self._asked[option]

    def answered(self, option: str) -> str:
        """The last answer, which did not do if it is asked for again; "" if there was none."""
        return self._asked.get(option, "")

    def listen(self, question: str) -> str:
        """What is typed, small and without white space round it."""
        answer: str = click.prompt(question, default="", show_default=False, err=self._aside)
        return answer.strip().lower()
