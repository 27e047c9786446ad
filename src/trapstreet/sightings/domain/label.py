"""The opinion on one hit: what kind of client made it, with how much evidence, and why."""

from enum import StrEnum

import msgspec

_SURE = 4.0  # bits


class Kind(StrEnum):
    """What sort of client made a hit."""

    PERSON = "person"
    PREVIEW = "preview"
    SCANNER = "scanner"
    IMAGE_PROXY = "image proxy"
    CRAWLER = "crawler"
    ECHO = "echo"
    TOOL = "tool"
    UNKNOWN = "unknown"

    @property
    def honest(self) -> bool:
        """Whether clients of this kind do their own work, with no interest in what the breadcrumb guards."""
        return self in _HONEST


_HONEST = {Kind.PREVIEW, Kind.SCANNER, Kind.IMAGE_PROXY, Kind.CRAWLER, Kind.ECHO}


class Earlier(msgspec.Struct, frozen=True):
    """What the registry knows of a token at the time of a hit, in seconds; None where it does not.

    sent   since the breadcrumb was laid out, or its copy handed out: mailed, in the worst case
    heard  since its token was first used
    """

    sent: float | None = None
    heard: float | None = None


class Label(msgspec.Struct, frozen=True):
    """An opinion, never a reason to discard.

    score      bits of evidence that an honest automaton did it: 0 tells nothing, below 0 speaks against.
               Set by judgement, not measured; anybody can send any user agent, so that 8 takes an address
    why        plain words, the strongest first
    automaton  its name where it has one: "Slack"; "" else
    on_behalf  it acts when a person does something (posts an address, opens a mail): look for the person
    """

    kind: Kind
    score: float
    why: tuple[str, ...]
    automaton: str = ""
    on_behalf: bool = False

    @property
    def spares(self) -> bool:
        """Whether it looks so much like an honest automaton's that a decoy does not count as touched."""
        return self.score >= _SURE
