"""`trapstreet watch add`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from trapstreet.cli.options import example, json_option, refuse_unprintable, workspace_option
from trapstreet.cli.output import emit
from trapstreet.core.model.errors import UnusableInput

if TYPE_CHECKING:
    from trapstreet.watch.domain.rules import Rules

_LONGEST_NAME = 64


class Kinds(click.Group):
    """A command for each kind of source that can be watched, made of its settings."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from trapstreet.app.watched import READ_ONCE
        from trapstreet.plugins.sources import kind_names

        return [each for each in kind_names() if each != READ_ONCE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _adding(cmd_name) if cmd_name in self.list_commands(ctx) else None


@click.group(
    cls=Kinds,
    epilog=example('trapstreet watch add directory --name finance --url /mnt/finance --every "1 hour"'),
)
def add() -> None:
    """Watch a source from now on: a directory, a share, a bucket, a repository, the web.

    It is looked at once, so that mistakes are seen now. docs/sources.md has every kind.
    """


def _adding(kind: str) -> click.Command:
    """The command of a kind."""
    from trapstreet.cli.manifest import manifest_options
    from trapstreet.plugins.sources import kind_named

    found = kind_named(kind)

    @click.command(kind, help=f"Watch {found.title}.\n\nWhat it reveals: {found.reveals}")
    @click.option("--name", required=True, metavar="NAME", help="What you call it.")
    @manifest_options(found.settings)
    @click.option(
        "--every", default="6 hours", metavar="TIME", show_default=True, help="How often it is looked at."
    )
    @click.option("--largest", metavar="SIZE", help='Larger objects are not read: "500 MB".')
    @click.option(
        "--pass-over",
        multiple=True,
        metavar="PATTERN",
        help='Objects of such names are not read: "*.iso", "*/node_modules/*" (repeatable).',
    )
    @click.option("--budget", metavar="SIZE", help='What one round reads at most, like "10 GB".')
    @click.option(
        "--sample",
        metavar="SIZE",
        help='Of larger texts, videos … only so much is read, unless that shows something: "20 MB".',
    )
    @click.option("--later", is_flag=True, help="Do not look at it now.")
    @workspace_option
    @json_option
    def run(**given: Any) -> None:
        _add(kind, given)

    return run


def _add(kind: str, given: dict[str, Any]) -> None:
    name, every, later = given.pop("name"), given.pop("every"), given.pop("later")
    workspace, as_json = given.pop("workspace"), given.pop("as_json")
    refuse_unprintable("--name", name)
    if len(name) > _LONGEST_NAME:
        raise UnusableInput(f"--name has more than {_LONGEST_NAME} characters", hint="take a shorter one")
    from trapstreet.core.model.amounts import seconds_of

    seconds = seconds_of(every, where="--every")
    rules = _rules(given.pop("largest"), given.pop("pass_over"), given.pop("budget"), given.pop("sample"))
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app import watched
    from trapstreet.render.watching import every_text

    added = watched.add(opened, name, kind, given, every=seconds, rules=rules, later=later)
    seen = added.first or "it was not looked at yet"
    lines = [
        f"{name} is watched from now on, {every_text(seconds)}; {seen}.",
        "It is looked at while trapstreet serve (started anew) or trapstreet watch run goes on.",
        f"Have it prove that it would find something: trapstreet watch control {name}",
    ]
    emit(as_json, added, "\n".join(lines))


def _rules(largest: str | None, pass_over: Sequence[str], budget: str | None, sample: str | None) -> "Rules":
    from trapstreet.core.model.amounts import bytes_of
    from trapstreet.watch.domain.rules import Rules

    return Rules(
        largest=None if largest is None else bytes_of(largest, where="--largest"),
        pass_over=tuple(pass_over),
        budget=None if budget is None else bytes_of(budget, where="--budget"),
        sample=None if sample is None else bytes_of(sample, where="--sample"),
    )
