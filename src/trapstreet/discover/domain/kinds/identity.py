"""Who somebody is."""

from trapstreet.core.fields.fold import phrases
from trapstreet.core.fields.kind import Kind
from trapstreet.core.fields.kinds.national_id import valid
from trapstreet.core.fields.registry import kinds
from trapstreet.discover.domain.declared import ANY, DAYS, TEXTUAL, WRITTEN, Family
from trapstreet.discover.domain.kinds import HeldKind, nothing, share_of
from trapstreet.discover.domain.naming import gender, nation
from trapstreet.discover.domain.values import (
    age,
    code,
    document_number,
    identifiers,
    picture,
    prose,
    user_name,
)

_FIELDS = kinds()
_PAPERS = phrases(
    """
    passport, passport number, passport no, reisepass, id card, id card number, identity card
    """
)


def _not_digits(text: str) -> bool:
    return not text.strip().isdigit()


KINDS = (
    HeldKind(
        name=Kind.BIRTH_DATE,
        title="birth date",
        of_things=True,
        headers=(_FIELDS[Kind.BIRTH_DATE].headers - phrases("naissance, nascita, nacimiento, nascimento"))
        | phrases(
            """
            bday, birth dt, =birth, birth day, birth time, dt nascimento, nacimiento, ne e le, ddn,
            naissance, nascita, nascimento, gebdat, geb dat, geboortedat, fodt, fodselsdag, syntymaaika,
            geboorte datum, geburts datum
            """
        ),
        types=DAYS | {Family.WHOLE},
        fits=_FIELDS[Kind.BIRTH_DATE].plausible,
        missed=6.0,
        tells=nothing,
        told=0.0,
        people=3.5,
    ),
    HeldKind(
        name="age",
        title="age or year of birth",
        of_things=True,
        headers=phrases(
            """
            =age, age years, age group, age at, patient age, birth year, year of birth, yob, geburtsjahr,
            jahrgang, alter jahre, annee naissance, ano nacimiento, ano nascimento, idade, edad, eta anni,
            leeftijd, geboortejaar, wiek, rok urodzenia, alder, fodelsear
            """
        ),
        hints=phrases("age, alter, eta"),
        types=WRITTEN,
        fits=share_of(age),
        missed=6.0,
        tells=nothing,
        told=0.0,
        people=3.0,
    ),
    HeldKind(
        name="gender",
        title="gender or form of address",
        headers=phrases(
            """
            gender, =sex, sexe, sexo, sesso, geslacht, plec, kon, kjonn, geschlecht, genero, sukupuoli,
            salutation, anrede, civilite, civility, courtesy, title of courtesy, aanhef, tratamiento,
            pronouns, biological gender, gender identity, is male, is female, trato, sex at birth, tytul
            """
        ),
        hints=phrases("title, titel, titre, titolo, titulo, genre, mr mrs"),
        types=ANY - {Family.DATE, Family.TIME},
        coded=True,
        fits=share_of(lambda text: gender(text) or code(text)),
        missed=6.0,
        tells=share_of(lambda text: gender(text) and _not_digits(text)),
        told=5.0,
        people=0.9,
    ),
    HeldKind(
        name="nationality",
        title="nationality",
        headers=phrases(
            """
            nationality, citizenship, citizen of, nationalitaet, nationalitat, staatsangehorigkeit,
            staatsburgerschaft, nationalite, nacionalidad, nazionalita, cittadinanza, nationaliteit,
            nacionalidade, cidadania, narodowosc, obywatelstwo, nationalitet, medborgarskap
            """
        ),
        types=ANY - {Family.DATE, Family.TIME},
        coded=True,
        fits=share_of(lambda text: len(text) <= 60),
        missed=4.0,
        tells=share_of(nation),
        told=3.0,
        people=1.0,
    ),
    HeldKind(
        name="family",
        title="family circumstances",
        of_things=True,
        headers=phrases(
            """
            marital status, marital, marriage status, married, civil status, relationship status, family
            status, spouse, number of children, number children, no of children, dependents, familienstand,
            anzahl kinder, verheiratet, kinderfreibetrag, etat civil, situation familiale, situation
            matrimoniale, nombre enfants, nb enfants, conjoint, estado civil, hijos, num hijos, conyuge,
            stato civile, figli, coniuge, burgerlijke staat, kinderen, filhos, conjuge, stan cywilny,
            dzieci, civilstand, sivilstatus, antal barn
            """
        ),
        hints=phrases(
            """
            partner, kids, children, mother, father, mutter, vater, pere, mere, madre, padre
            """
        ),
        types=ANY - {Family.DATE, Family.TIME},
        coded=True,
        fits=share_of(lambda text: len(text) <= 60),
        missed=3.0,
        tells=nothing,
        told=0.0,
        people=2.0,
    ),
    HeldKind(
        name="photo",
        title="picture of a person",
        of_things=True,
        headers=phrases(
            """
            avatar, avatar url, profile pic, profile picture, profile photo, profile image, passport photo,
            photo of person, portrait, headshot, mugshot, selfie, passfoto, pasfoto, photo identite, foto
            perfil, user image, user photo
            """
        ),
        hints=phrases(
            """
            photo, photos, picture, pictures, image, img, foto, fotografia, bild, pic, image url, photo url,
            zdjecie
            """
        ),
        types=ANY - {Family.DATE, Family.TIME, Family.YES_NO},
        coded=True,
        fits=share_of(lambda text: picture(text) or text.strip().isdigit()),
        missed=3.0,
        tells=nothing,
        told=0.0,
        people=4.0,
    ),
    HeldKind(
        name="username",
        title="user name or profile",
        headers=phrases(
            """
            username, user name, login, login name, login id, loginname, userid name, nickname, nick, screen
            name, alias, handle, logon, pseudo, pseudonyme, benutzername, benutzerkennung, kennung,
            anmeldename, nom utilisateur, nom d utilisateur, identifiant, nombre usuario, nombre de usuario,
            nome utente, gebruikersnaam, nome usuario, nome de usuario, nazwa uzytkownika, anvandarnamn,
            brukernavn, skype, twitter, facebook, linkedin, instagram, snapchat, telegram, github, openid,
            jabberid, icq, tiktok, youtube, googleplus, discord, =usr, =uname, sam account name, upn
            """
        ),
        hints=phrases("usuario, utente, uzytkownik, utilisateur, user, screenname"),
        types=TEXTUAL,
        fits=share_of(user_name),
        missed=4.0,
        tells=nothing,
        told=0.0,
        people=1.0,
    ),
    HeldKind(
        name="person_id",
        title="number of a person",
        headers=phrases(
            """
            customer no, customer number, customer code, client no, client number, member no, member number,
            membership number, patient no, patient number, mrn, employee no, employee number, employee code,
            staff number, badge number, roll no, roll number, student number, matriculation number,
            kundennummer, kundennr, kdnr, mitgliedsnummer, mitgliedsnr, personalnummer, personalnr,
            matrikelnummer, patientennummer, versichertennummer, numero client, numero patient, matricule,
            numero de cliente, numero cliente, legajo, numero socio, matricola, klantnummer, klantnr,
            personeelsnummer, lidnummer, studentnummer, numero do cliente, matricula, numer klienta,
            kundnummer, medlemsnummer, assigned to, created by, updated by, modified by, reports to,
            reporter id, assignee, cust no, emp no, emp id
            """
        ),
        types=frozenset({Family.WHOLE, Family.TEXT, Family.UUID, Family.DECIMAL}),
        coded=True,
        fits=identifiers,
        missed=12.0,
        tells=nothing,
        told=0.0,
        people=0.0,
    ),
    HeldKind(
        name=Kind.NATIONAL_ID,
        title="national id number",
        headers=(_FIELDS[Kind.NATIONAL_ID].headers - _PAPERS - phrases("documento, cf, nn, nie, tin"))
        | phrases(
            """
            =cf, =nn, =nie, =tin, =ss, =sin, =rg, ssn last4, national number, national insurance no, citizen
            id, taxid, tax identification number, insurance number, insurance no, health insurance number,
            medicare number, assurance maladie, nhs number, svnummer, versicherungsnummer, vers nr,
            krankenversichertennummer, steuernummer, num secu, nss, seguridad social, numero seguridad
            social, curp, rfc, =rut, =run, cedula de identidad, doc identidad, tessera sanitaria, cnp, oib,
            aadhaar, aadhar, aadhar number, pan number, personnr, fodselsnr, cpf cnpj, nro documento
            """
        ),
        hints=phrases("id number, id no, document number, doc number, documento"),
        types=WRITTEN,
        fits=share_of(document_number),
        missed=3.0,
        tells=valid,
        told=6.0,
        people=1.0,
    ),
    HeldKind(
        name="identity_document",
        title="number of an identity document",
        headers=_PAPERS
        | phrases(
            """
            passport num, passportnumber, passport id, id document, identity document number, idcard,
            identity card number, ausweis, ausweisnummer, personalausweis, personalausweisnummer,
            reisepassnummer, fuhrerschein, fuehrerscheinnummer, fuhrerscheinnummer, driver license, driver
            licence, drivers license, driving licence, driving license, driver license number, dl number,
            licence no, permis de conduire, numero passeport, carte identite, cni, pasaporte, numero
            pasaporte, licencia de conducir, patente di guida, passaporto, carta identita, paspoort,
            paspoortnummer, rijbewijs, rijbewijsnummer, passaporte, cnh, carteira identidade, paszport,
            numer paszportu, dowod osobisty, nr dowodu, prawo jazdy, residence permit, visa number, id proof
            """
        ),
        types=WRITTEN,
        fits=share_of(document_number),
        missed=3.0,
        tells=nothing,
        told=0.0,
        people=1.0,
    ),
    HeldKind(
        name="free_text",
        title="free text about people",
        of_things=True,
        headers=phrases(
            """
            comment, comments, remark, remarks, biography, =bio, about me, =about, private note, public
            note, customer note, customer notes, kommentar, kommentare, bemerkung, bemerkungen, anmerkung,
            anmerkungen, vermerk, notiz, notizen, commentaire, commentaires, remarque, remarques,
            comentario, comentarios, observacion, observaciones, commento, commenti, osservazioni,
            opmerking, opmerkingen, notitie, observacao, observacoes, komentarz, uwagi, message body, mail
            body, message text, chat message, transcript, feedback, complaint text, anmarkning, bio text,
            self description
            """
        ),
        hints=phrases(
            """
            note, notes, message, content, body, description, descriptions, beschreibung, descripcion, text,
            details, detail, desc, signature, review, reason, summary, nota, notas, bericht, nachricht,
            tekst
            """
        ),
        types=TEXTUAL,
        fits=share_of(lambda text: len(text.split()) >= 2 or len(text) > 20),
        missed=4.0,
        tells=share_of(prose),
        told=0.9,
        people=2.5,
        beside="talk",
        nearby=3.0,
    ),
)
