"""Names of people, whole and in their parts."""

from trapstreet.core.fields.fold import phrases
from trapstreet.core.fields.kind import Kind
from trapstreet.core.fields.registry import kinds
from trapstreet.discover.domain.declared import TEXTUAL
from trapstreet.discover.domain.kinds import HeldKind, nothing
from trapstreet.discover.domain.naming import full_names, given_names, words_like_names

_FIELDS = kinds()

NAME = HeldKind(
    name=Kind.NAME,
    title="person name",
    headers=(
        _FIELDS[Kind.NAME].headers
        - phrases(
            """
            =name, =names, display name, displayname, =kunde, =cliente, =naam, =namn, contact, person
            """
        )
    )
    | phrases(
        """
        holder, card owner, account owner, emergency contact, next of kin, guardian, parent name, mother
        name, father name, mothers name, doctor name, owner name, author name, teacher name, student name,
        driver name, rider name, passenger name, nom parent, nome mae, nome pai, vollname, ganzer name, name
        des kunden, requester name, sender name, receiver name, beneficiary name, ship to name, bill to
        name, shipping name, billing name, delivery name, first and last name, imie nazwisko, nom
        responsable
        """
    ),
    hints=phrases(
        """
        name, names, naam, namn, navn, nom, nome, nombre, nazwa, contact, contact name, person, kunde,
        cliente, doctor, dr, medecin, author, autor, owner, member, titular, kontakt, hausarzt, angehoerige,
        angehorige, display name, displayname, contacto, contato, imie
        """
    ),
    types=TEXTUAL,
    fits=words_like_names,
    missed=4.0,
    tells=full_names,
    told=6.0,
    people=3.5,
)

GIVEN_NAME = HeldKind(
    name=Kind.GIVEN_NAME,
    title="given name",
    headers=(_FIELDS[Kind.GIVEN_NAME].headers - phrases("=nombre, =nome, nombres, =first"))
    | phrases(
        """
        middle name, middlename, mname, middle initial, initials, voorletters, vname, prename, fnamn, fnavn,
        first nm, second given name, name given, name first, imie, imiona, prenom usuel, =first, nombres,
        primer nombre, segundo nombre
        """
    ),
    hints=phrases("nome, nombre, initial, first"),
    types=TEXTUAL,
    fits=words_like_names,
    missed=4.0,
    tells=given_names,
    told=6.0,
    people=1.0,
)

FAMILY_NAME = HeldKind(
    name=Kind.FAMILY_NAME,
    title="family name",
    headers=(_FIELDS[Kind.FAMILY_NAME].headers - phrases("=nom, =last"))
    | phrases(
        """
        maiden name, =maiden, birth name, geburtsname, nname, enamn, enavn, last nm, surname1, surname2,
        apellido1, apellido2, apellido paterno, ap paterno, ap materno, apellido materno, segundo apellido,
        tussenvoegsel, voorvoegsel, voorvoegsels, name family, name last, nom de naissance, nom jeune fille,
        nazwisko, ledige name, =last
        """
    ),
    hints=phrases("name, naam, nom, namn, navn, last"),
    types=TEXTUAL,
    fits=words_like_names,
    missed=4.0,
    tells=nothing,
    told=0.0,
    people=1.0,
)

KINDS = (NAME, GIVEN_NAME, FAMILY_NAME)
