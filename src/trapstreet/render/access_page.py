"""The one page about a place: who can wander into what? HTML with nothing from outside."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trapstreet.access.overview import Cell, Fix, Overview, Wide
from trapstreet.core.model.rights import FILES
from trapstreet.core.model.words import counted, printable
from trapstreet.render.access import name_of

if TYPE_CHECKING:
    from markupsafe import Markup


def access_page(page: Overview) -> str:
    """The page as HTML; every name of the place is escaped. Some 30 kB."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from trapstreet.render.words import day

    environment = Environment(
        loader=PackageLoader("trapstreet.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["printable"] = printable
    environment.filters["breakable"] = _breakable
    heat = page.heat
    heaviest = max(heat.weights, default=1.0) or 1.0
    return environment.get_template("access.html").render(
        page=page,
        made_at=day(page.made_at),
        heat=heat,
        shades=[
            [_shade(cell, weight / heaviest) for cell, weight in zip(row, heat.weights, strict=True)]
            for row in heat.cells
        ],
        answer=answer(page),
        basis_lines=[*basis_lines(page)],
        proof=proof_line(page),
        name_of=name_of,
        cost=cost,
        fix=fix_line,
        sentence=lambda line: f"{line[:1].upper()}{line[1:]}.",
        statements=statements,
        cell=_cell_words,
        counted=counted,
        known=page.basis.window is not None,
    )


def answer(page: Overview) -> str:
    """Whether everybody can wander into everything, in one sentence."""
    logins = counted(page.logins, "account")
    about = " about people" if page.basis.classified else ""
    if page.to_all:
        what = counted(page.to_all, *page.what)
        if page.people_to_all:
            largest = counted(page.people_to_all, "person", "people")
            about = f" about {largest}" if page.to_all == 1 else f" about people, one of them about {largest}"
        return f"Yes: everybody of {logins} that can log in can read {what}{about}."
    known = ", as far as is known" if page.basis.unlooked else ""
    if not page.widest:
        return f"No{known}: nothing{about} can be read by anybody."
    widest = page.widest[0].unused
    return (
        f"Not everybody{known}: nothing{about} is open to all {logins} that can log in."
        f" What costs most is {name_of(widest.resource)}, open to {widest.can} of them."
    )


def basis_lines(page: Overview) -> Iterator[str]:
    """What the page rests on, and what it does not know."""
    from trapstreet.render.uses import day_text

    basis = page.basis
    if basis.window:
        days = f"{day_text(basis.window.first)} to {day_text(basis.window.last)}"
        none = len(basis.window.empty)
        empty = f", {counted(none, 'day')} of them without any event" if none else ""
        yield f"Uses are known of {counted(basis.window.days, 'day')}, {days}{empty}."
    else:
        yield "Uses are not known: no log was imported (trapstreet access import). Any right may be in use."
    if not basis.classified:
        yield "Nobody looked for what is about people (trapstreet discover): everything weighs the same."
    for each in basis.unknown:
        yield f"NOT KNOWN {printable(each)}"


def cost(wide: Wide, *, known: bool) -> str:
    """What an exposure costs: how much lies open to how many that do not need it.

    known  whether it is known what was used
    """
    unused = wide.unused
    if wide.people:
        several = unused.resource.kind == FILES and unused.resource.records != 1
        what = ("up to " if several else "") + counted(wide.people, "person", "people")
    elif unused.records is not None:
        what = counted(unused.records, "record")
    else:
        what = "an unknown number of records"
    if not known:
        return f"{what}, open to {counted(unused.can, 'account')}"
    return f"{what}, open to {counted(wide.idle, 'account')} that did not read them"


def fix_line(fix: Fix, unadvised: str) -> str:
    """What can be done about it, and what that rests on."""
    if not fix.proved:
        return f"what can be taken away is not proven: {printable(unadvised)}"
    if fix.changes:
        return (
            f"{counted(len(fix.changes), 'right')} can be taken away, and no past use that was checked fails"
        )
    if fix.keeps:
        stays = "has" if fix.keeps == 1 else "have"
        return f"{counted(fix.keeps, 'right')} on it {stays} to stay: past uses rest on it"
    return (
        "no right on it alone can be taken away: it is read by its owner, or by rights that let write, too,"
        " or reach further"
    )


def statements(fix: Fix) -> list[str]:
    """The statements of a fix."""
    return [line for each in fix.changes for line in each.forward]


def proof_line(page: Overview) -> str:
    """What speaks for all fixes together, or why nothing does and what to do about that."""
    if page.basis.advice is None:
        why = "; ".join(filter(None, (page.basis.unadvised, page.basis.hint)))
        return f"What can safely be taken away is not proven: {printable(why)}."
    proof = page.basis.advice.proof
    unproven = sum(each.use.times for each in proof.unproven)
    blocked = sum(each.use.times for each in proof.blocked)
    return (
        f"To take away all that is proposed here would have blocked {blocked:,} of {proof.uses:,} past uses"
        f" by {counted(proof.people, 'account')}; {unproven:,} could not be checked."
    )


def report_object(page: Overview) -> dict[str, object]:
    """The page for machines."""
    heat, proof = page.heat, page.basis.advice.proof if page.basis.advice else None
    return {
        "place": page.place,
        "edition": page.edition,
        "answer": answer(page),
        "logins": page.logins,
        "to_all": page.to_all,
        "widest": [_wide_object(each, known=page.basis.window is not None) for each in page.widest],
        "heat": {
            "groups": list(heat.groups),
            "data": [list(each.path) for each in heat.held],
            "can": [[cell.can for cell in row] for row in heat.cells],
            "members": [row[0].members if row else 0 for row in heat.cells],
            "left_out": {"groups": heat.left_out[0], "data": heat.left_out[1]},
        },
        "proof": proof
        and {
            "uses": proof.uses,
            "accounts": proof.people,
            "blocked": sum(each.use.times for each in proof.blocked),
            "unproven": sum(each.use.times for each in proof.unproven),
        },
        "unadvised": page.basis.unadvised,
        "hint": page.basis.hint,
        "unknown": list(page.basis.unknown),
    }


def _wide_object(each: Wide, *, known: bool) -> dict[str, object]:
    unused = each.unused
    return {
        "what": list(unused.resource.path),
        "kind": unused.resource.kind,
        "class": unused.sensitivity,
        "records": unused.records,
        "people": each.people,
        "can_read": unused.can,
        "everybody": each.everybody,
        "read_it": unused.used + unused.by_jobs if known else None,
        "score": unused.score,
        "opened_by": [{"by": what, "accounts": count} for what, count in each.opened_by],
        "fix": {"proved": each.fix.proved, "statements": statements(each.fix), "keeps": each.fix.keeps},
    }


def _breakable(text: str) -> "Markup":
    """A name, escaped, that may go on in another line behind each dot and slash."""
    from markupsafe import Markup, escape

    shown = str(escape(text))
    return Markup(shown.replace(".", ".<wbr>").replace("/", "/<wbr>"))  # noqa: S704 - escaped above


def _shade(cell: Cell, weight: float) -> int:
    """0 to 100: how much of the heaviest class lies open to how much of the group."""
    return round(100 * weight * cell.can / cell.members) if cell.members else 0


def _cell_words(cell: Cell) -> str:
    return (
        f"{cell.can} of {cell.members}{', some only a part' if cell.part else ''}" if cell.can else "nobody"
    )
