"""What an alert says: what happened, where the decoy lay, what is at stake, what to do next."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import floor
from types import MappingProxyType

import msgspec

from trapstreet.cases.domain.runbook import first_steps
from trapstreet.cases.domain.severity import Use, of_suppression, of_use
from trapstreet.core.model.notice import Notice, Severity
from trapstreet.core.model.place import Origin, Place
from trapstreet.core.model.words import counted, printable
from trapstreet.sightings import Kind

_SHORT = 200
"""Characters of a text that somebody else chose."""

_NAMED = 10
"""Decoys that an alert names one by one."""


class NewAlert(msgspec.Struct, frozen=True):
    """Something that is worth an alert.

    subject   what its case is about;  sort  which runbook is for it
    source    what it is raised for, within its case
    at        when it happened last;  begun  when the newest of it began: what somebody closed the case of
              before that is not all of it. Unix µs
    The others are as in core.model.notice.Notice.
    """

    subject: str
    sort: str
    source: str
    kind: str
    severity: Severity
    at: int
    begun: int
    headline: str
    happened: tuple[str, ...]
    lay: str = ""
    stake: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    steps: tuple[str, ...] = ()

    def notice(self, *, id: str, case: str, raised: int, severity: Severity) -> Notice:  # noqa: A002 - Notice's own word
        """The alert as it leaves the house, as severe as it ever was."""
        return Notice(
            id=id,
            case=case,
            at=self.at,
            raised=raised,
            kind=self.kind,
            severity=severity,
            headline=self.headline,
            happened=self.happened,
            lay=self.lay,
            stake=self.stake,
            steps=self.steps or first_steps(self.sort, case),
            facts=(("subject", self.subject), *self.facts),
        )


class Owner(msgspec.Struct, frozen=True):
    """Whose decoys were used.

    name   "p3", "copy c2-abc" or "several copies";  sort  "table", "bait" or "copy"
    place  where they lie;  decoys  how many there are
    data_set, rows  whose decoys they are, and its size; "" and 0 for breadcrumbs
    """

    name: str
    sort: str
    place: str
    decoys: int
    data_set: str = ""
    rows: int = 0


_DONE: Mapping[str, str] = MappingProxyType(
    {
        "http": "visited the web address of",
        "smtp": "wrote to",
        "mailbox": "wrote to",
        "mail": "wrote to",
        "dns": "looked up the name of",
        "phone": "called",
        "sms": "sent a text message to",
        "login": "tried the login of",
    }
)

_LOOKS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.PERSON: "It looks like a person.",
        Kind.PREVIEW: "It looks like a link preview: somebody posted it.",
        Kind.SCANNER: "It looks like a scanner of mails or links.",
        Kind.IMAGE_PROXY: "It looks like a picture proxy.",
        Kind.CRAWLER: "It looks like a crawler.",
        Kind.ECHO: "It looks like name servers or mail servers among themselves.",
        Kind.TOOL: "It looks like a program that somebody runs.",
        Kind.UNKNOWN: "Nothing says who did it.",
    }
)

_ORIGINS: Mapping[Origin, str] = MappingProxyType(
    {
        Origin.HOSTING: "a data centre",
        Origin.CDN: "a content network",
        Origin.VPN: "a VPN",
        Origin.TOR: "Tor",
        Origin.BOT: "a crawler's network",
        Origin.RESERVED: "",
        Origin.UNKNOWN: "",
    }
)

CROWD = "crowd"
"""What stands for the party of the alert for many."""

_PARTIES: Mapping[str, str] = MappingProxyType({"phone": "caller", "sms": "sender"})
"""What tells parties from each other by a channel; else their networks."""

_CALLS: Mapping[str, str] = MappingProxyType(
    {
        "small": "it was given far fewer different rows than it is registered for",
        "large": "it was given more different rows than it is registered for",
        "often": "it was called more often than it is registered for",
        "columns": "its rows were told apart by another column than before",
        "changed": "it was given other rows than before in the same period",
        "reach": "it has been given more different rows by now than it is registered for",
        "token": "somebody called it with a token that is not its own",
        "ended": "somebody called it after it had ended",
        "unknown": "somebody called a job that does not exist",
    }
)


def plain(text: str) -> str:
    """A text that somebody else chose, on one line, in characters that print, cut short. What a table program
    would take for a formula does not begin with its sign."""
    shown = printable(text[: _SHORT + 1])
    shown = shown if len(shown) <= _SHORT else f"{shown[: _SHORT - 1]}…"
    return f"./{shown}" if shown[:1] in ("=", "+", "-", "@") else shown


def minute(at: int) -> str:
    """A time (Unix µs) to the minute, UTC."""
    return f"{datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at):%Y-%m-%d %H:%M} UTC"


def of_sighting(use: Use, owner: Owner, *, party: str, begun: int) -> NewAlert:
    """The alert for what one party did with an owner's decoys by one channel.

    party  what tells this party from others;  begun  when the last of its incidents began
    """
    severity = of_use(use)
    return NewAlert(
        subject=use.owner,
        sort=owner.sort,
        source=f"{use.channel} {use.owner} {party}",
        kind="sighting",
        severity=severity,
        at=use.last,
        begun=begun,
        headline=_headline(use, owner),
        happened=tuple(_happened(use, owner)),
        lay=plain(owner.place),
        stake=_stake(owner),
        facts=tuple(_facts(use, owner)),
    )


def of_crowd(use: Use, owner: Owner, *, parties: int, begun: int) -> NewAlert:
    """The alert for what many parties did with an owner's decoys by one channel, who have none each.

    parties  how many;  use  what they did together; place and label are those of one of them
    begun    when the last of their incidents began
    """
    alone = of_sighting(use, owner, party=CROWD, begun=begun)
    who = counted(parties, f"further {_PARTIES.get(use.channel, 'network')}")
    first, *more = _happened(use, owner)
    return msgspec.structs.replace(
        alone,
        headline=f"{who} {_done(use)} {_what(use, owner)} ({plain(owner.place)})",
        happened=(
            f"{first.removesuffix('.')}, by {who}.",
            (
                "They are too many for an alert each, and this one goes on counting them; trapstreet "
                "sighting list has every one. Of all of them this looks least like an automaton:"
            ),
            *more,
        ),
        facts=(("parties", str(parties)), *alone.facts),
    )


def of_call(what: Sequence[str], *, job: str, data_set: str, by: str, at: int) -> NewAlert:
    """The alert for a suppression job that was called out of the ordinary.

    what  why, as the log has it;  job, data_set  "" for one that does not exist;  by  the system's user
    """
    words = [_CALLS.get(each, plain(each)) for each in what]
    name = f"Suppression job {job}" if job else "Suppression"
    return NewAlert(
        subject=f"suppression job {job}" if job else "suppression",
        sort="suppression",
        source=f"suppression {job} {' '.join(sorted(what))}"[:200],
        kind="suppression",
        severity=of_suppression(what),
        at=at,
        begun=at,
        headline=f"{name}: {words[0]}",
        happened=(
            f"{minute(at)}: {'; '.join(words)}.",
            f"The system's user was {plain(by)}.",
        ),
        lay=f"the job's calls (data set {data_set})" if data_set else "",
        stake="Whoever can compare what goes in with what comes out learns which rows are decoys.",
        facts=(("job", job), ("what", ", ".join(map(plain, what)))),
    )


def of_damage(*, records: int, at: int) -> NewAlert:
    """The alert for records of a trap's spool that do not open."""
    return NewAlert(
        subject="trap",
        sort="trouble",
        source="damaged",
        kind="trouble",
        severity=Severity.HIGH,
        at=at,
        begun=at,
        headline=f"{counted(records, 'record')} of a trap's spool cannot be opened",
        happened=(
            (
                "They are sealed to another key, or are not what a trap writes: a disk is failing, or "
                "somebody has been at the spool."
            ),
            "They are kept aside as they are in the registry; nothing was thrown away.",
        ),
        stake="Hits of that time may be unknown.",
        facts=(("records", str(records)),),
        steps=("Look after the trap's machine and its disk.", "trapstreet doctor says what else is wrong."),
    )


def of_dead_route(route: str, *, error: str, at: int) -> NewAlert:
    """The alert for a route that has told nothing for days."""
    return NewAlert(
        subject=f"route {route}",
        sort="trouble",
        source="dead",
        kind="trouble",
        severity=Severity.HIGH,
        at=at,
        begun=at,
        headline=f"Alerts by the route {route} do not arrive",
        happened=(
            f"A message was tried for three days, the last time with: {plain(error)}.",
            "Later alerts are still tried; those that ended are kept.",
        ),
        stake="Whoever relies on that route hears of nothing.",
        steps=(
            (
                f"Mend [notify.{route}] in trapstreet.toml, or the receiver, and try it: trapstreet alert "
                f"test {route}"
            ),
            "See what did not arrive: trapstreet alert list --dead",
            "Send it again: trapstreet alert retry",
        ),
        facts=(("route", route),),
    )


def of_trouble(
    source: str, *, severity: Severity, headline: str, happened: Sequence[str], steps: Sequence[str], at: int
) -> NewAlert:
    """The alert for something that keeps trapstreet from watching or telling."""
    return NewAlert(
        subject=f"trouble {source}"[:240],
        sort="trouble",
        source=f"trouble {source}"[:200],
        kind="trouble",
        severity=severity,
        at=at,
        begun=at,
        headline=plain(headline),
        happened=tuple(map(plain, happened)),
        steps=tuple(steps),
    )


def test_notice(route: str, *, at: int) -> Notice:
    """What only shows that a route works. It is no alert, and in no case."""
    return Notice(
        id="test",
        case="test",
        at=at,
        raised=at,
        kind="test",
        severity=Severity.INFO,
        headline=f"This is a test of the route {route}: nothing has happened",
        happened=("Somebody asked trapstreet to try whether alerts arrive here. This one did.",),
        lay="",
        stake="",
        steps=("Nothing has to be done.",),
        reason="test",
    )


def _headline(use: Use, owner: Owner) -> str:
    source = f" from {plain(use.place.address)}" if use.place.address else ""
    return f"{_who(use)} {_done(use)} {_what(use, owner)} ({plain(owner.place)}){source}"


def _done(use: Use) -> str:
    return _DONE.get(use.channel, f"used ({plain(use.channel)})")


def _what(use: Use, owner: Owner) -> str:
    if owner.sort == "bait":
        return f"the breadcrumb {owner.name}"
    return f"{counted(len(use.decoys), 'decoy')} of {owner.name}"


def _who(use: Use) -> str:
    if use.expected:
        return "As was declared, somebody"
    if use.named:
        return "Somebody who knows the persona"
    if use.spared:
        name = use.label.automaton
        return f"An automaton ({plain(name)})" if name else "An automaton"
    return "Perhaps an automaton" if use.score > 0 else "Somebody"


def _happened(use: Use, owner: Owner) -> list[str]:
    times = (
        minute(use.first)
        if use.last - use.first < 60_000_000
        else f"{minute(use.first)} to {minute(use.last)}"
    )
    named = ", ".join(decoy_names(use, owner)[:_NAMED])
    more = ", …" if len(use.decoys) > _NAMED else ""
    said = [f"{times}: {counted(use.hits, 'hit')} by {plain(use.channel)} on {named}{more}."]
    said.append(f"From {', '.join(_access(use.place))}. {_LOOKS[use.label.kind]}")
    if use.named:
        said.append(
            "The message or call names the persona or its reference number: whoever it was has the record, "
            "not only an address."
        )
    if use.expected:
        said.append("It lies within a use of this copy that was declared beforehand.")
    elif use.spared:
        said.append(f"An honest automaton's work, as far as one can tell ({use.score:+g} bits).")
    if use.together > 1:
        all_of_it = counted(owner.decoys, "decoy")
        said.append(f"By now {use.together:,} of its {all_of_it} have been used, automata apart.")
    if use.joint >= 1:
        said.append(
            "Traffic that comes anyway would do as much with a chance of at most 1 in "
            f"10^{floor(use.joint)} (an estimate from a model)."
        )
    return said


def decoy_names(use: Use, owner: Owner) -> list[str]:
    """`p3/17`; decoys of copies have no names that people know."""
    if owner.sort == "copy":
        return [counted(len(use.decoys), "decoy")]
    return [f"{owner.name}/{at + 1}" for at in use.decoys]


def _access(place: Place) -> list[str]:
    if not place.address:
        return ["an address that is not known"]
    said = [plain(place.address), place.side]
    said += [plain(each) for each in (place.country, place.holder) if each]
    origin = _ORIGINS[place.origin]
    if origin:
        said.append(f"{origin} ({plain(place.provider)})" if place.provider else origin)
    return said


def _stake(owner: Owner) -> str:
    if owner.sort == "bait":
        return "Whoever used it has been where it lay, or has something from there."
    size = f" ({counted(owner.rows, 'record')})" if owner.rows else ""
    what = f"the data set {owner.data_set}{size}" if owner.data_set else "the data set"
    if owner.sort == "copy":
        return (
            f"Nobody has honest use for a decoy: all that {owner.name} holds of {what} may be in other hands."
        )
    return f"Nobody has honest use for a decoy: {what}, or what was made from it, may be in other hands."


def _facts(use: Use, owner: Owner) -> list[tuple[str, str]]:
    facts = [
        ("channel", plain(use.channel)),
        ("decoys", ", ".join(decoy_names(use, owner)[:_NAMED])),
        ("hits", str(use.hits)),
        ("address", plain(use.place.address)),
        ("network", plain(use.place.network)),
        ("country", plain(use.place.country)),
        ("holder", plain(use.place.holder)),
        ("origin", use.place.origin.value),
        ("inside", ("yes" if use.place.inside else "no") if use.place.address else ""),
        ("looks_like", use.label.kind.value),
        ("automaton_bits", f"{use.score:g}"),
        ("data_set", owner.data_set),
    ]
    return [(label, value) for label, value in facts if value]
