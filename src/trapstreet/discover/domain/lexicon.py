"""Words of headers and tables that name no kind, and say what a table is about or what a header is of."""

from functools import lru_cache

from trapstreet.core.fields.fold import word_set

SHORT_FOR = {
    short: spelt.replace("_", " ")
    for short, _, spelt in (
        entry.partition(":")
        for entry in """
        addr:address adr:address acct:account cust:customer drv:driver eml:email emp:employee
        empl:employee fname:first_name fst:first gend:gender gndr:gender grp:group lname:last_name
        lst:last med:medical mob:mobile nbr:number nm:name no:number nr:number num:number
        pat:patient ph:phone phn:phone pw:password pwd:password st:street str:street tlf:telefon
        usr:user geb:geburts dat:datum dt:date naiss:naissance nac:nacimiento nasc:nascimento
        fec:fecha kto:konto stud:student mbr:member pers:person sal:salary loc:location
        desc:description bday:birthday
        """.split()
    )
}
"""Abbreviations in headers, by what they are short for."""

PEOPLE = word_set(
    """
    user users usr person persons people customer customers cust client clients clt member members mbr
    patient patients pat employee employees emp staff staffs student students pupil pupils teacher teachers
    guest guests passenger passengers driver drivers rider riders contact contacts owner owners doctor
    doctors physician nurse nurses vet vets volunteer volunteers voter voters donor donors suspect suspects
    victim victims officer officers witness prisoner prisoners inmate inmates offender offenders criminal
    criminals tenant tenants resident residents citizen citizens beneficiary beneficiaries subscriber
    subscribers applicant applicants candidate candidates recipient recipients sender agent agents admin
    admins administrator manager managers worker workers profile profiles author buyer seller player players
    participant participants individual individuals requester assignee holder cardholder borrower debtor
    child children parent parents guardian spouse kunde kunden mitarbeiter mitglied mitglieder personen
    benutzer nutzer patienten schueler lehrer anwender teilnehmer angestellte mieter personal utilisateur
    utilisateurs adherent adherents membre membres personne personnes salarie salaries employe employes
    eleve eleves etudiant etudiants candidat candidats usager medecin contribuable abonne usuario usuarios
    cliente clientes persona personas empleado empleados alumno alumnos paciente pacientes socio socios
    trabajador trabajadores profesor miembro estudiante utente utenti clienti persone dipendente dipendenti
    paziente pazienti studente studenti impiegato gebruiker gebruikers klant klanten medewerker medewerkers
    lid leden leerling werknemer pessoa pessoas funcionario funcionarios aluno alunos utilizador empregado
    klient klienci klienta uzytkownik uzytkownicy pracownik pracownicy osoba osoby pacjent pacjenci uczen
    medlem medlemmar kund kunder anvandare anstalld elev bruker
    """
)
"""Words for people, in a table's name or before "id"."""

THINGS = word_set(
    """
    product products produkt produkte produit produits producto productos prodotto article articles artikel
    item items goods sku skus ean gtin isbn upc barcode category categories kategorie categorie categoria
    brand brands manufacturer vendor vendors supplier suppliers lieferant lieferanten fournisseur proveedor
    warehouse warehouses lager stock stocks inventory price prices preis prix precio quantity qty menge
    cantidad unit units company companies firma societe empresa organization organisation organizations
    department departments abteilung dept currency currencies timezone population elevation sensor sensors
    temperature humidity pressure measurement measurements reading readings film films movie movies book
    books libro libros livre title titles album albums track tracks artist artists genre genres song songs
    room rooms vehicle vehicles vessel vessels ship ships flight flights airline airlines airport airports
    hotel hotels restaurant store stores shop shops school schools church churches course courses subject
    fach klasse klassen faecher pet pets animal animals species job jobs queue task tasks config setting
    settings migration migrations log logs event events file files image images page pages post posts tag
    tags menu role roles permission permissions variant variants gene genes chromosome ticker symbol isin
    security securities volume continent capital library editorial publisher publishers branch branches
    shipper shippers specialty specialties
    """
)
"""Words for what is no person."""

NEUTRAL = PEOPLE | word_set(
    """
    home work private privat perso personal business billing shipping delivery invoice mailing postal
    primary secondary main alternate alternative other old new current previous prev preferred original full
    my own the of de del do da la le di der des van office emergency legal residential permanent temporary
    temp local confirmed unconfirmed pending raw encrypted crypted hashed plain masked default value field
    str text char tx col c p t b a x sign login last first bill ship to from pickup dropoff start end e
    """
)
"""Words that may stand beside a kind's words without changing what the column holds."""

ABOUT = word_set(
    """
    type typ types kind status state verified valid validated confirmed enabled disabled active is has count
    cnt total date datum time at on since until expires expiry expire expiration sent changed updated
    created modified format flag required optional id ids key fk pk ref uuid guid order sort index template
    label subject lang language link size length max min rate limit policy method mode channel server port
    host attempts tries failed hint question strength score level code cd prefix suffix category group class
    ok ko opt optin consent provider domain used version agent name title url path hash reset
    """
)
"""Words that make a header tell something of a kind, and not hold it: phone_type, email_verified_at."""

BARE_NAMES = word_set("name names naam nom nome nombre namn navn nazwa imie")
"""Words for a name of anybody or anything; what they mean is for the neighbours to say."""

FILLERS = word_set("de del do da la le di der des du of the et e y und and")
"""Words that a phrase has in one header and has not in another."""

NUMBERED = word_set(
    """
    id ids no nr num nbr number numero nummer numer code codigo key sk pk fk uid uuid guid ref sid kennung
    cod nyckel
    """
)
"""Words that make a header for people the number of one: customer_id, kunden_nr."""

OWN_KEYS = word_set("id rowid pk uuid guid sk oid key nyckel recid serial")
"""Headers of a table's own key."""

BESIDE = {
    "postal": word_set(
        """
        street strasse rue calle via straat rua ulica gata address adresse direccion indirizzo adres
        endereco zip plz postcode postal cap cep city ort stadt ville ciudad citta plaats woonplaats
        gemeente cidade miasto stad town country land pays pais bairro
        """
    ),
    "medical": word_set(
        """
        patient patients patienten paciente pacientes pazienti medical medizin health gesundheit diagnosis
        diagnose disease hospital clinic klinik doctor medicin medication allergies blood bloodgroup vitals
        visit pulse phenotype genotype encounter symptom
        """
    ),
    "money": word_set(
        """
        bank iban bic blz konto kontoinhaber account accounts card cards credit debit cvv payment payments
        balance saldo routing zahlung paiement pago pagamento betaling sepa mandate
        """
    ),
    "card": word_set("card cards cvv cvc kreditkarte carte tarjeta carta creditcard"),
    "talk": word_set(
        """
        comment comments message messages note notes ticket tickets review reviews post posts chat
        conversation mail mails thread threads feedback complaint complaints support incident incidents
        comms forum amendment amendments nachrichten kommentare
        """
    ),
    "journey": word_set(
        """
        ride rides trip trips driver drivers passenger rider checkin tracking user users delivery courier
        profile
        """
    ),
    "voting": word_set(
        """
        voter voters voterid vote votes election elections ballot campaign party membership elector
        """
    ),
    "login": word_set(
        """
        user users username login password passwd auth oauth session sessions token tokens account
        credentials
        """
    ),
}
"""What surroundings are known by, in the headers beside a column and the table's name."""

PADDING = word_set(
    """
    tbl tb table t dim data info list master details record records stg raw db new entity model register csv
    tsv json jsonl ndjson xlsx xls ods parquet sqlite txt sql gz zip export dump backup extract report final
    copy sheet all full
    """
)
"""Words of a table's name that do not say what it is about."""

_ROOTS = (
    "customer",
    "employ",
    "patient",
    "student",
    "prisoner",
    "passenger",
    "benefici",
    "volunteer",
    "kunden",
)


@lru_cache(maxsize=10_000)
def is_person_word(word: str) -> bool:
    """Whether a word is one for people, endings of common ones included: "employees", "beneficiary"."""
    return word in PEOPLE or any(word.startswith(root) and len(word) <= len(root) + 4 for root in _ROOTS)
