"""Letters to begin with: what is known is filled in, and every gap is marked.

Nothing here is legal advice, and nothing is sent: a person fills the gaps and signs.
"""

import msgspec

from trapstreet.cases.domain.alerts import minute
from trapstreet.core.model.words import counted

_PLACES = 50
"""Where data was found, that a letter names one by one."""

GAP = "[TO FILL IN: {}]"


class Known(msgspec.Struct, frozen=True):
    """What is known of a case.

    data_set, records  whose data it is about, and how many records it has; "" and 0 for none
    categories  what its columns hold, in words: "e-mail addresses"
    first, last  when it happened, aware since when, by when the authority is to be told: Unix µs
    found       where data was found: path and SHA-256, "" where nobody knows that
    happened    the headlines of the alerts;  done  what people noted
    """

    case: str
    data_set: str
    records: int
    categories: tuple[str, ...]
    first: int
    last: int
    aware: int | None
    authority_by: int | None
    found: tuple[tuple[str, str], ...]
    happened: tuple[str, ...]
    done: tuple[str, ...]


class Draft(msgspec.Struct, frozen=True):
    """A letter to begin with: the name of its file, its title, its text."""

    name: str
    title: str
    text: str


def drafts(known: Known) -> tuple[Draft, ...]:
    """The letters that a case may need: the request to take down only where something was found."""
    letters = (
        Draft("authority", "Notification of the supervisory authority (GDPR Art. 33)", _authority(known)),
        Draft("customers", "Communication to the people concerned (GDPR Art. 34)", _customers(known)),
    )
    if not known.found:
        return letters
    return (*letters, Draft("takedown", "Request to take data down", _takedown(known)))


def gaps(text: str) -> int:
    """How many gaps a draft has."""
    return text.count(GAP.partition("{")[0])


def _gap(what: str) -> str:
    return GAP.format(what)


def _authority(known: Known) -> str:
    aware = minute(known.aware) if known.aware is not None else _gap("since when the organisation is aware")
    until = f" (72 hours end on {minute(known.authority_by)})" if known.authority_by is not None else ""
    people = (
        f"at most {counted(known.records, 'record')} of the data set {known.data_set}; how many people: "
        if known.records
        else ""
    )
    return _lines(
        f"To: {_gap('the competent supervisory authority, its form or address')}",
        f"From: {_gap('name and address of the controller')}",
        f"Our reference: {known.case}",
        "",
        "Notification of a personal data breach under Article 33 of Regulation (EU) 2016/679",
        "",
        f"Aware since: {aware}{until}",
        f"Reasons for a delay beyond 72 hours (Art. 33(1)): {_gap('only where there was one')}",
        "This notification is: "
        + _gap("complete / preliminary, further information follows in phases (Art. 33(4))"),
        "",
        "1. Nature of the breach (Art. 33(3)(a))",
        f"Confidentiality. First sign {minute(known.first)}, last {minute(known.last)}.",
        *(f"- {each}" for each in known.happened),
        f"How it happened: {_gap('as far as it is known; an assumption is called one')}",
        f"Categories of data: {_categories(known)}",
        f"Special categories, criminal convictions, data of children: {_gap('which, or none')}",
        f"Categories of people: {_gap('customers, employees, …')}",
        f"Approximate numbers: {people}{_gap('people and records concerned')}",
        "",
        "2. Contact (Art. 33(3)(b))",
        _gap("name and contact details of the data protection officer or another contact point"),
        "",
        "3. Likely consequences (Art. 33(3)(c))",
        "Deceptive calls, messages and letters that use true details of the people concerned; attempts to "
        "take over accounts.",
        _gap("what else is likely here: financial loss, identity theft, discrimination, …"),
        "",
        "4. Measures taken or proposed (Art. 33(3)(d))",
        *([_gap("which of the case's notes are measures; strike the others")] if known.done else []),
        *(f"- {each}" for each in known.done),
        _gap("what was done to end the breach and against its consequences, and what will be"),
        f"People told (Art. 34): {_gap('when and how, or why not: Art. 34(3)')}",
        f"People or companies in other member states: {_gap('which states, or none')}",
    )


def _customers(known: Known) -> str:
    return _lines(
        f"From: {_gap('name of the organisation, as its customers know it')}",
        f"Subject: {_gap('what it is about, in a few plain words')}",
        "",
        f"Dear {_gap('name')},",
        "",
        "We have to tell you that data about you may have come into the hands of somebody who should not "
        "have it.",
        "",
        "What happened",
        f"On {minute(known.first)[:10]} we noticed signs of it. "
        + _gap("what is known, in words that everybody understands; no more than is certain"),
        "",
        "Which data",
        f"It may be: {_categories(known)}. "
        + _gap("which of it is this person's; what is certainly not part of it"),
        "",
        "What it may mean for you",
        "Somebody may call, write or send messages in our name and know true details about you. "
        + _gap("what else"),
        "",
        "What you can do",
        "- Be careful with calls and messages that mention these details, even if they sound right. We "
        "never ask for passwords, codes or payments on the telephone.",
        "- If you are in doubt, end the call and reach us under a number that you know: " + _gap("number"),
        f"- {_gap('change a password, watch accounts, … only what truly helps')}",
        "",
        "What we do",
        _gap("measures, in plain words"),
        "",
        "Whom you can ask",
        _gap("name, telephone number and address of the data protection officer or another contact point"),
        "",
        _gap("who signs"),
    )


def _takedown(known: Known) -> str:
    more = len(known.found) - _PLACES
    return _lines(
        f"To: {_gap('the host, its abuse contact')}",
        f"From: {_gap('name and address of the organisation, and who may speak for it')}",
        f"Our reference: {known.case}",
        "",
        "Personal data of our customers is published without any right at:",
        *(
            f"- {path}" + (f" (SHA-256 of what was there: {digest})" if digest else "")
            for path, digest in known.found[:_PLACES]
        ),
        *([f"- {counted(more, 'more place')}; the case lists them"] if more > 0 else []),
        f"Addresses on the internet: {_gap('the exact URLs; paths above are where our own search met it')}",
        "",
        f"It holds {_categories(known)} of our customers. Publishing it breaks Regulation (EU) 2016/679 "
        f"(GDPR), and {_gap('further law that holds at the place of the host')}.",
        "",
        "Please",
        "1. make it inaccessible at once, copies and caches included;",
        "2. keep, and do not delete, what tells who put it there and who fetched it (addresses, accounts, "
        "times), for the investigation;",
        "3. confirm both to us.",
        "",
        "Please do not pass this letter on to whoever put it there.",
        "",
        _gap("who signs, date"),
    )


def _categories(known: Known) -> str:
    return ", ".join(known.categories) if known.categories else _gap("which data")


def _lines(*lines: str) -> str:
    return "\n".join((*lines, ""))
