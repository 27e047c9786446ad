"""Free text for tests of reading: a small pipeline of spaCy's that knows some names, and letters with some in
them."""

from pathlib import Path

from discovering import FAMILY, GIVEN

NOUNS = "parcel lamp invoice kettle shelf charger blanket window engine ladder bottle carpet".split()
VERBS = "arrived broke leaked stopped rattled vanished".split()


def pipeline(folder: Path) -> Path:
    """A pipeline of spaCy's in the folder: it takes pairs of names that tests use for people, and no other
    words."""
    import spacy

    nlp = spacy.blank("en")
    names = [{"LOWER": {"IN": [each.lower() for each in known]}} for known in (GIVEN, FAMILY)]
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": names}])  # type: ignore[attr-defined]
    nlp.meta["name"] = "names_for_tests"
    nlp.to_disk(folder)
    return folder


def letter(number: int) -> str:
    """A text about things and nobody; of different numbers all differ."""
    noun, verb = NOUNS[number % len(NOUNS)], VERBS[number % len(VERBS)]
    return f"Good morning, the {noun} that we were sent {verb} after {number + 2} weeks, what can be done"
