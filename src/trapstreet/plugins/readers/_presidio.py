"""presidio itself, in the sandbox: its own recognisers and spaCy's names of people, in one language."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from trapstreet.core.model.errors import UnusableInput

PATTERN_SECONDS = 2
"""That one of its patterns may take for one text; it is left out then."""

_PEOPLE = {"PERSON", "PER", "PERS", "persName", "PRS", "PS"}
"""What pipelines call people's names."""

_NEEDLESS = [
    "tagger",
    "parser",
    "morphologizer",
    "lemmatizer",
    "trainable_lemmatizer",
    "attribute_ruler",
    "senter",
]
"""Parts of a pipeline that say nothing about names and take most of the time."""

_REGIONS = {
    "en": ("US", "GB"), "de": ("DE", "AT", "CH"), "fr": ("FR", "BE", "CH"), "it": ("IT", "CH"),
    "pt": ("PT", "BR"), "da": ("DK",), "sv": ("SE",), "nb": ("NO",), "el": ("GR",), "ca": ("ES",),
    "sl": ("SI",), "uk": ("UA",), "ja": ("JP",), "zh": ("CN",), "ko": ("KR",), "xx": ("US", "GB", "DE", "FR"),
}  # fmt: skip
"""Where numbers without a country's code are looked for, where that is not the language's own code."""

_AT_ONCE = 32
"""Texts that a pipeline takes together: half the time that they take one by one."""

_FOUND = 0.85
"""The score of a name: pipelines give none."""


def mentions(asked: bytes) -> Iterator[object]:
    """True once all is loaded; then what each text mentions, as msgpack [[entity, start, end, score]].

    asked  msgpack [folder of the pipeline or "", language, recognisers, seconds, texts]; what is not
           read when the seconds are over is left
    Raises UnusableInput if the pipeline cannot be loaded.
    """
    folder, language, recognisers, seconds, texts = msgspec.msgpack.decode(asked)
    read = _reading(folder, language, tuple(recognisers))
    yield True
    until = time.monotonic() + seconds
    for found in read(texts):
        yield msgspec.msgpack.encode(found)
        if time.monotonic() > until:
            return


@cache
def _reading(folder: str, language: str, recognisers: Sequence[str]) -> Any:
    os.environ["REGEX_TIMEOUT_SECONDS"] = str(PATTERN_SECONDS)
    os.chdir("/")  # spaCy asks where it stands, and a child's own folder is gone
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    own = _engine(_pipeline(folder, language), language)
    found = [_recogniser(name, language) for name in recognisers]
    if folder:
        found.append(SpacyRecognizer(supported_language=language, supported_entities=["PERSON"]))
    registry = RecognizerRegistry(recognizers=found, supported_languages=[language])
    engine = AnalyzerEngine(
        registry=registry,
        nlp_engine=own,
        supported_languages=[language],
        context_aware_enhancer=_no_context(),
    )
    entities = sorted({each for recogniser in found for each in recogniser.supported_entities})

    def read(texts: Sequence[str]) -> Iterator[list[tuple[str, int, int, float]]]:
        for text, doc in own.process_batch(texts, language, batch_size=_AT_ONCE):
            met = engine.analyze(text, language, entities, nlp_artifacts=doc)
            yield [(each.entity_type, each.start, each.end, float(each.score)) for each in met]

    return read


def _no_context() -> Any:
    """Words nearby are weighed by who asked: presidio leaves out stop words, "call" among them."""
    from presidio_analyzer import EntityRecognizer, RecognizerResult
    from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
    from presidio_analyzer.nlp_engine import NlpArtifacts

    class NoContext(ContextAwareEnhancer):
        def enhance_using_context(
            self,
            text: str,
            raw_results: list[RecognizerResult],
            nlp_artifacts: NlpArtifacts,
            recognizers: list[EntityRecognizer],
            context: list[str] | None = None,
        ) -> list[RecognizerResult]:
            return raw_results

    return NoContext(
        context_similarity_factor=0,
        min_score_with_context_similarity=0,
        context_prefix_count=0,
        context_suffix_count=0,
    )


def _pipeline(folder: str, language: str) -> Any:
    import spacy

    if not folder:
        return spacy.blank(language)
    try:
        parts = msgspec.json.decode((Path(folder) / "meta.json").read_bytes())["pipeline"]
        rules = any("ruler" in each and each != "attribute_ruler" for each in parts)
        return spacy.load(folder, exclude=[] if rules else _NEEDLESS)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise UnusableInput(
            f"texts under [discover]: spaCy {version('spacy')} cannot load the pipeline",
            hint="python -m spacy validate says whether its version fits",
        ) from error


def _recogniser(name: str, language: str) -> Any:
    from phonenumbers import SUPPORTED_REGIONS
    from presidio_analyzer import predefined_recognizers

    own: Mapping[str, object] = {}
    if name == "PhoneRecognizer":
        there = {language.upper()} & SUPPORTED_REGIONS
        own = {"supported_regions": _REGIONS.get(language, tuple(there) or _REGIONS["xx"])}
    made = getattr(predefined_recognizers, name)
    return made(supported_language=language, **own)


def _engine(nlp: Any, language: str) -> Any:
    """The pipeline as presidio asks for it, loaded: presidio would fetch one that is missing."""
    from presidio_analyzer.nlp_engine import NlpArtifacts, SpacyNlpEngine
    from spacy.tokens import Doc, Span

    class Engine(SpacyNlpEngine):
        def _doc_to_nlp_artifact(self, doc: Doc, language: str) -> NlpArtifacts:
            people = [
                Span(doc, each.start, each.end, "PERSON") for each in doc.ents if each.label_ in _PEOPLE
            ]
            return NlpArtifacts(
                entities=people,
                tokens=doc,
                tokens_indices=[each.idx for each in doc],
                lemmas=[each.lower_ for each in doc],
                nlp_engine=self,
                language=language,
                scores=[_FOUND] * len(people),
            )

    engine = Engine(models=[{"lang_code": language, "model_name": "loaded"}])
    engine.nlp = {language: nlp}  # type: ignore[assignment]
    return engine
