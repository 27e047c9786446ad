"""Who fired a breadcrumb: the place of access, the program, and automata told from people.

    decoys = names.of(hit)                           none: nobody's name
    place = places.of(hit.address, at=hit.at)        app.geography: the databases
    client = client_of(hit)
    label = label_of(hit, place, client, Earlier(sent=…, heard=…))
    incidents = fold([*known, incident_of(token, hit, place, label)])

Nothing is discarded: a label is an opinion with reasons, and an incident counts every hit that it stands for.
"""

from trapstreet.sightings.domain.automata import label_of
from trapstreet.sightings.domain.client import Client, client_of
from trapstreet.sightings.domain.content import said
from trapstreet.sightings.domain.expected import Expectation, expected
from trapstreet.sightings.domain.folding import Incident, fold, incident_of
from trapstreet.sightings.domain.joint import Joint, Listening, Use, joint
from trapstreet.sightings.domain.label import Earlier, Kind, Label
from trapstreet.sightings.domain.naming import MAIL, Names, Used
from trapstreet.sightings.domain.persona import Persona, Said, persona
from trapstreet.sightings.domain.place import Origin, Place

__all__ = [
    "MAIL",
    "Client",
    "Earlier",
    "Expectation",
    "Incident",
    "Joint",
    "Kind",
    "Label",
    "Listening",
    "Names",
    "Origin",
    "Persona",
    "Place",
    "Said",
    "Use",
    "Used",
    "client_of",
    "expected",
    "fold",
    "incident_of",
    "joint",
    "label_of",
    "persona",
    "said",
]
