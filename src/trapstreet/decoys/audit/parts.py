"""What of a value other rows can have in common with it: a domain, a host, an area code, a year."""

from collections.abc import Iterator
from dataclasses import dataclass

from trapstreet.core.fields.kind import Kind
from trapstreet.decoys.audit.coded import Codes
from trapstreet.decoys.audit.features import View
from trapstreet.decoys.audit.mails import domain_of, local_format
from trapstreet.decoys.audit.moments import day_of_week, year_of
from trapstreet.decoys.audit.names import family_word, given_word
from trapstreet.decoys.audit.phones import start_of
from trapstreet.decoys.audit.sites import holds_addresses, manner_of, path_format, site_of
from trapstreet.decoys.audit.texts import rough_format


@dataclass(frozen=True)
class Part:
    """A part of a column's values."""

    column: str
    words: str
    codes: Codes

    @property
    def label(self) -> str:
        return f"{self.column} ({self.words})" if self.words else self.column


def parts(view: View) -> Iterator[Part]:
    """The parts of all columns that can be compared between rows."""
    for column in view.columns:
        name, region = column.column.name, column.column.region
        match column.column.kind:
            case Kind.EMAIL:
                yield Part(name, "domain", column.codes_by(domain_of))
                yield Part(name, "ending", column.codes_by(_ending))
                yield Part(name, "way to write", column.codes_by(local_format))
            case Kind.PHONE:
                yield Part(name, "first digits", column.codes_by(start_of(3, region)))
                yield Part(name, "format", column.codes_by(rough_format))
            case Kind.NAME:
                yield Part(name, "given name", column.codes_by(given_word))
                yield Part(name, "family name", column.codes_by(family_word))
                yield Part(name, "format", column.codes_by(rough_format))
            case Kind.POSTCODE:
                yield Part(name, "", column.codes)
                yield Part(name, "first digits", column.codes_by(_first_two))
            case Kind.ADDRESS:
                yield Part(name, "last words", column.codes_by(_last_words))
                yield Part(name, "format", column.codes_by(rough_format))
            case Kind.REFERENCE:
                yield Part(name, "format", column.codes_by(rough_format))
            case _:
                yield Part(name, "", column.codes)
                if holds_addresses(column):
                    yield Part(name, "host", column.codes_by(site_of))
                    yield Part(name, "scheme, www and port", column.codes_by(manner_of))
                    yield Part(name, "path's format", column.codes_by(path_format))
                if (years := year_of(column)) is not None:
                    yield Part(name, "year", years)
                if (days := day_of_week(column)) is not None:
                    yield Part(name, "day of the week", days)


def _ending(address: str) -> str:
    return domain_of(address).rpartition(".")[2]


def _first_two(text: str) -> str:
    return text.strip()[:2]


def _last_words(address: str) -> str:
    return address.rpartition(",")[2]
