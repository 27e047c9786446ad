"""Options of the command line from a plugin's settings: their names, types, defaults and descriptions."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec
from msgspec import inspect

F = TypeVar("F", bound=Callable[..., Any])


def options_of(settings: type[msgspec.Struct]) -> list[click.Option]:
    """An option for each field. Texts, numbers, switches, choices and lists of texts are known.

    An option that is not given is None: the default stays the settings' own matter.
    """
    return [_option(field) for field in inspect.type_info(settings).fields]  # type: ignore[attr-defined]


def manifest_options(settings: type[msgspec.Struct]) -> Callable[[F], F]:
    """A decorator that gives a command the options of the settings, as arguments of the fields' names."""

    def decorate(function: F) -> F:
        parameters = getattr(function, "__click_params__", [])
        function.__click_params__ = [*parameters, *reversed(options_of(settings))]  # type: ignore[attr-defined]
        return function

    return decorate


def _option(field: inspect.Field) -> click.Option:
    kind, described = field.type, {}
    members = [each for each in getattr(kind, "types", ()) if not isinstance(each, inspect.NoneType)]
    kind = members[0] if members else kind
    if isinstance(kind, inspect.Metadata):
        described = {**(kind.extra_json_schema or {}), **(kind.extra or {})}
        kind = kind.type
    shared: dict[str, Any] = {
        "help": _sentence(described.get("description", ""), field),
        "metavar": described.get("metavar"),
        "required": field.required,
    }
    flag = f"--{field.name.replace('_', '-')}"
    match kind:
        case inspect.BoolType():
            return click.Option([flag], is_flag=True, default=None, help=shared["help"])
        case inspect.LiteralType():
            choice = click.Choice([str(value) for value in kind.values])
            return click.Option([flag], type=choice, help=shared["help"], required=field.required)
        case inspect.IntType():
            return click.Option([flag], type=int, **shared)
        case inspect.FloatType():
            return click.Option([flag], type=float, **shared)
        case inspect.VarTupleType() | inspect.ListType():
            return click.Option([flag], type=str, multiple=True, default=None, **shared)
        case _:
            return click.Option([flag], type=str, **shared)


def _sentence(text: str, field: inspect.Field) -> str:
    default = field.default
    shown = f" [default: {default}]" if isinstance(default, str | int) and default not in ("", False) else ""
    return f"{text[:1].upper()}{text[1:]}.{shown}" if text else shown.strip()
