"""What a column is taken for: by its header, values, type and neighbours, in several languages."""

import pytest

from trapstreet.core.model.holdings import HeldColumn
from trapstreet.discover import read_policy
from trapstreet.discover.domain.kinds import held_kinds
from trapstreet.discover.domain.recognise import SampledColumn, recognise

HEADERS_OF = {  # header or header|type: kind, "-" for nothing about a person
    "customers": """
        cust_nm: name, fst_nm: given_name, lst_nm: family_name, addr_ln_1: address, zip_cd:
        postcode, birth_dt: birth_date, ssn_nbr: national_id, gndr: gender, mob_no: phone, res_addr:
        address, marital_stat: family, nationality_cd: nationality, email_verified_at|timestamp: -,
        phone_type_id|int: -, address_id|int: -, last_login|timestamp: -, login_count|int: -,
        customer_since|date: -, company_name: -, bank_name: -, country_name: -, file_name: -,
        status: -, balance|decimal: -
    """,
    "kunden": """
        KundenNr: person_id, Vorname: given_name, Name: family_name, StrasseNr: address, PLZ:
        postcode, Ort: -, Tel_privat: phone, Fax_geschaeftl: phone, geb_dat: birth_date, usr_eml:
        email, Kreditkartennummer: card, Steuernummer: national_id, Bemerkung: free_text,
        Familienstand: family, Staatsangehoerigkeit: nationality, Geschlecht: gender, Krankenkasse:
        health, Umsatz|decimal: -, Mahnstufe|int: -, erstellt_am|timestamp: -
    """,
    "clients": """
        NumTel: phone, AdrMail: email, CP: postcode, Ville: -, DateNaissance: birth_date,
        num_client: person_id, NumeroSecuriteSociale: national_id, mot_de_passe: password,
        salaire|decimal: salary, date_creation|date: -
    """,
    "clientes": """
        FechaNacimiento: birth_date, DNI: national_id, Nombre: given_name, Apellido1: family_name,
        CodPostal: postcode, TelMovil: phone, CorreoElectronico: email, NumTarjeta: card,
        sueldo|decimal: salary, estado: -, fecha_alta|date: -
    """,
    "clienti": """
        DataDiNascita|date: birth_date, CodFiscale: national_id, Indirizzo: address, Cellulare:
        phone, Cognome: family_name, Nome: given_name, CAP: postcode, PartitaIVA: -
    """,
    "klanten": """
        BSN: national_id, Geb_datum: birth_date, Straatnaam: address, Huisnr: address, Telefoon:
        phone, Achternaam: family_name, Geslacht: gender, Opmerkingen: free_text, Rekeningnummer:
        bank_account
    """,
    "osoby": """
        data_ur|date: birth_date, nr_tel: phone, ulica: address, kod_poczt: postcode, nazwisko:
        family_name, imie: given_name, nr_konta: bank_account, plec: gender, haslo: password,
        miejscowosc: -
    """,
    "pessoas": """
        nome: name, cpf: national_id, data_nasc|date: birth_date, endereco: address, telefone:
        phone, senha: password, cep: postcode, cidade: -, sexo: gender
    """,
    "employees": """
        emp_sal|decimal: salary, emp_no|int: person_id, manager_id|int: person_id, blood_grp:
        health, passport_no: identity_document, drv_lic_no: identity_document, church_tax: religion,
        union_member|bool: trade_union, fingerprint|bytea: biometric, dept_name: -, job_title: -,
        hire_dt|date: -
    """,
    "products": """
        name: -, title: -, description: -, price|decimal: -, sku: -, image: -, weight|decimal: -,
        ean: -, created_by|int: person_id, position|int: -
    """,
    "orders": """
        order_no: -, customer_id|int: person_id, ship_to_name: name, shipping_address: address,
        shipping_zip: postcode, ip_address: ip_address, contact_phone: phone, tracking_number: -,
        total|decimal: -
    """,
    "patients": """
        mrn: person_id, dob|date: birth_date, icd10_code: health, allergies: health, hiv_status:
        health, attending_doctor: name, next_of_kin: name, race: ethnicity, religion_id|int:
        religion, ward: -
    """,
    "sessions": """
        session_id: secret, user_id|int: person_id, ip: ip_address, csrf_token: secret,
        expires|timestamp: -
    """,
    "payments": """
        cc_num: card, cvv: card_details, exp_month|int: card_details, cardholder_name: name,
        amount|decimal: -, currency: -, status: -
    """,
    "voters": "party_affiliation: political_opinion, ethnic_group: ethnicity, voter_id: person_id, county: -",
    "wp_users": """
        ID|bigint: person_id, user_login: username, user_pass: password, user_email: email,
        user_url: -, user_registered|datetime: -, user_activation_key: secret, user_status|int: -
    """,
    "auth_user": """
        id|int: person_id, password: password, last_login|timestamp: -, is_superuser|bool: -,
        username: username, first_name: given_name, last_name: family_name, email: email,
        is_staff|bool: -, date_joined|timestamp: -
    """,
    "sales_order": """
        entity_id|int: -, state: -, coupon_code: -, customer_id|int: person_id,
        base_grand_total|decimal: -, customer_dob|date: birth_date, customer_email: email,
        customer_firstname: given_name, remote_ip: ip_address, increment_id: -, store_name: -,
        shipping_method: -
    """,
    "bewohner.csv": """
        Nachname: family_name, Vorname: given_name, Zimmer: -, Pflegegrad: health, Diagnosen:
        health, Konfession: religion, Hausarzt: name, Gewicht: health, Notizen: free_text
    """,
    "git_commits": "sha: -, author_name: name, author_email: email, message: -, additions|int: -",
    "locations": "lat|decimal: -, lng|decimal: -, store_name: -, opening_hours: -",
}  # fmt: skip


def taken(table: str, *columns: SampledColumn) -> dict[str, str]:
    return {each.name: each.kind for each in recognise(columns, table=table)}


def texts(name: str, *values: str, declared: str = "text") -> SampledColumn:
    return SampledColumn(name, declared, values)


def alone(*values: str, name: str = "c1") -> HeldColumn:
    return recognise([texts(name, *values)])[0]


@pytest.mark.parametrize("table", HEADERS_OF)
def test_a_header_says_what_its_column_holds_in_many_languages_and_abbreviated(table: str) -> None:
    wanted = {}
    for entry in filter(None, map(str.strip, " ".join(HEADERS_OF[table].split()).split(","))):
        header, _, kind = entry.partition(": ")
        wanted[tuple(header.partition("|")[::2])] = kind.strip("- ")
    columns = [SampledColumn(name, declared, ()) for name, declared in wanted]
    assert taken(table, *columns) == {name: kind for (name, _), kind in wanted.items()}


def test_the_name_of_a_product_is_no_name_of_a_person() -> None:
    names = [f"{first} {last}" for first in ("Anna", "Peter", "Maria") for last in ("Blue", "Oak", "Mug")]
    shop = [texts("name", *names), texts("price", "1.20", "3.99"), texts("sku", "A-1", "B-7")]
    people = [texts("name", *names), texts("email", "a@b.example"), texts("birth_date", "1980-02-01")]
    assert taken("items", *shop)["name"] == ""
    assert taken("list", *people)["name"] == "name"


def test_a_bare_name_beside_given_names_is_a_family_name_and_the_other_way_round() -> None:
    assert taken("t", texts("nom"), texts("prenom"))["nom"] == "family_name"
    assert taken("t", texts("nome"), texts("cognome"))["nome"] == "given_name"


def test_a_birth_date_of_a_person_is_one_and_that_of_a_pet_is_none() -> None:
    assert taken("owners", texts("birth_date", declared="date"))["birth_date"] == "birth_date"
    assert taken("pets", texts("birth_date", declared="date"))["birth_date"] == ""


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("email", [f"a{n}@mail.example" for n in range(20)]),
        ("iban", ["DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606"]),
        ("card", ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117"] * 4),
        ("password", [f"$2b$12${n:053}" for n in range(9)]),
        ("secret", [f"ghp_{n:036}" for n in range(12)]),
        ("device_id", [f"00:1b:44:11:3a:{n:02x}" for n in range(20)]),
        ("health", ["E11.9", "I10", "J45.909", "F32.1", "M54.5", "K29.70", "G43.909", "B20"] * 3),
        ("ip_address", [f"10.1.{n}.7" for n in range(12)] + ["2001:db8::1"]),
        ("phone", [f"+49 30 {n} 55 {n}" for n in range(100, 125)]),
        ("address", [f"{n} Station Road" for n in range(1, 25)]),
    ],
)
def test_values_that_nothing_else_looks_like_need_no_header(kind: str, values: list[str]) -> None:
    found = alone(*values)
    assert (found.kind, found.fitting, found.sampled) == (kind, len(values), len(values))
    assert "header" not in found.why


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("moments in seconds", [str(1_600_000_000 + 7919 * n) for n in range(60)]),
        ("moments in milliseconds, long as cards", [str(1_600_000_000_000 + 7919 * n) for n in range(60)]),
        ("numbers of ships", [str(211_000_000 + 7919 * n) for n in range(60)]),
        ("trade numbers of products", [f"40056{n:07}{n % 10}" for n in range(60)]),
        ("companies called after people", [f"{n} and Sons Ltd" for n in "Peter Anna Paul".split()] * 5),
        ("towns", ["Florence", "Kiel", "Lyon", "Cork", "Graz", "Porto", "Ghent", "Madison", "Turin", "York"]),
        ("codes like postcodes", [f"K{n:04}" for n in range(40)]),
        ("versions", [f"1.{n}.0" for n in range(30)]),
        ("identifiers", [f"{n:08x}-0000-4000-8000-{n:012x}" for n in range(30)]),
        ("checksums of files", [f"{n:064x}" for n in range(30)]),
        ("days", [f"2024-01-{n:02}" for n in range(1, 28)]),
        ("fractions", ["0/1", "1/1", "1/2", "1/3", "2/3"] * 9),
        ("yes and no", ["true", "false"]),
    ],
)  # fmt: skip
def test_what_only_looks_like_somebodys_data_is_left_alone(what: str, values: list[str]) -> None:
    assert alone(*values).kind == "", what


@pytest.mark.parametrize("table", ["clients.csv", "patients.csv", "customers"])
def test_days_and_numbers_of_tickets_are_no_national_ids_where_the_table_is_about_people(table: str) -> None:
    tickets = texts("ticket", *(f"TS-{2_410_382 + n}" for n in range(120)))
    days = texts("last_seen", *(f"20{n:02}-{1 + n % 12:02}-{1 + n % 28:02}" for n in range(99)))
    mixed = texts("email", *tickets.values)
    found = taken(table, texts("full_name"), tickets, days, mixed)
    assert found == {"full_name": "name", "ticket": "", "last_seen": "", "email": ""}


def test_national_ids_with_their_check_digits_need_no_header() -> None:
    ids = [f"{n:08}{'TRWAGMYFPDXBNJZSQVHLCKE'[n % 23]}" for n in range(10_000_000, 10_000_060)]
    assert taken("clients", texts("c1", *ids))["c1"] == "national_id"


def test_what_texts_mention_counts_where_it_weighs_more_than_the_texts() -> None:
    talk = [f"Caller {n} asks when the parcel will come" for n in range(90)]
    cards = [f"please charge {card} for it" for card in ("4111 1111 1111 1111", "5555555555554444")]
    mails = ['{"to": "anna@mail.example", "try": 1}', '{"to": "bo@mail.example", "try": 2}']
    (found,) = recognise([texts("comment", *talk, *cards)], table="tickets")
    assert (found.kind, found.fitting, found.sampled) == ("card", 2, 92)
    assert found.why == "mentioned in 2 of 92 texts"
    assert taken("tickets", texts("comment", *talk))["comment"] == "free_text"
    assert taken("jobs", texts("payload", *mails, '{"n": 3}'))["payload"] == "email"
    assert (
        taken("jobs", texts("payload", *(f"order no {10**15 + 7919 * n}" for n in range(90))))["payload"]
        == ""
    )


def test_a_header_that_the_values_belie_is_not_believed() -> None:
    assert alone("red", "green", "blue", "black", "white", name="email").kind == ""
    assert alone("yes", "no", name="customer_id").kind == ""


def test_a_type_that_cannot_hold_a_kind_speaks_against_it() -> None:
    assert taken("users", SampledColumn("email", "boolean", ()))["email"] == ""
    assert taken("users", SampledColumn("password", "timestamp with time zone", ()))["password"] == ""


def test_more_values_count_more_than_few() -> None:
    card = "4111111111111111"
    assert alone(card).kind == ""
    assert alone(*[card] * 10).kind == "card"


def test_the_same_columns_are_taken_for_the_same_whatever_came_before() -> None:
    columns = [texts("nm", "Anna Li", "Bo Ek"), texts("tel", "0151 234567"), texts("x", "a@b.example")]
    first = recognise(columns, table="people")
    alone("other", name="iban")
    assert recognise(columns, table="people") == first


def test_a_column_that_may_not_be_read_is_judged_by_its_header_and_says_so() -> None:
    (found,) = recognise([SampledColumn("iban", "text", ())])
    assert (found.kind, found.fitting, found.sampled, found.why) == ("iban", 0, 0, "header")


def test_what_is_said_of_a_column_has_no_value_in_it() -> None:
    secret = "sentinel-7f3a"
    columns = [texts("password", secret), texts("note", f"{secret} called twice about it")]
    for found in recognise(columns, table="customers"):
        assert secret not in repr(found)
    assert secret not in repr(columns)


def test_the_class_is_the_policys() -> None:
    policy = read_policy('[red]\nweight = 3\nkinds = ["phone"]')
    (found,) = recognise([texts("phone", declared="text")], policy=policy)
    assert found.sensitivity == "red"
    (found,) = recognise([texts("email", declared="text")], policy=policy)
    assert (found.kind, found.sensitivity) == ("email", "")


def test_no_phrase_of_a_kind_is_lost_to_folding() -> None:
    for kind in held_kinds().values():
        for phrase in kind.headers | kind.hints:
            assert phrase == phrase.strip().lower(), (kind.name, phrase)
            assert phrase.removeprefix("=").replace(" ", "").isascii(), (kind.name, phrase)
