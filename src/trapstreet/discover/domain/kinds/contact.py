"""Where somebody can be reached, and is."""

from collections.abc import Sequence

from trapstreet.core.fields.fold import phrases
from trapstreet.core.fields.kind import Kind
from trapstreet.core.fields.registry import kinds
from trapstreet.discover.domain.declared import ANY, TEXTUAL, WRITTEN, Family
from trapstreet.discover.domain.kinds import HeldKind, share_of
from trapstreet.discover.domain.values import (
    degrees,
    device,
    network_address,
    part_of_address,
    position,
    postcode,
)

_FIELDS = kinds()
_LONGEST_PHONE = 60  # characters of two or three numbers in one cell


def _few_digits(text: str) -> bool:
    return 5 <= sum(map(str.isdigit, text)) <= 18 and "@" not in text


def _street_addresses(texts: Sequence[str]) -> float:
    written = [text for text in texts if not position(text)]
    return _FIELDS[Kind.ADDRESS].plausible(written) * len(written) / max(1, len(texts))


def _written_phones(texts: Sequence[str]) -> float:
    """Share written as nothing but phone numbers are: bare digits are as often a moment or a code."""
    short = [text.strip() for text in texts if len(text) <= _LONGEST_PHONE]
    written = [text for text in short if text.startswith("0") or not text.isdigit()]
    return _FIELDS[Kind.PHONE].plausible(written) * len(written) / max(1, len(texts))


def _identifies_device(text: str) -> bool:
    return len(text.strip()) >= 8 and not any(map(str.isspace, text.strip()))


KINDS = (
    HeldKind(
        name=Kind.EMAIL,
        title="e-mail address",
        headers=_FIELDS[Kind.EMAIL].headers
        | phrases(
            """
            eml, e mail addr, mail addr, mailaddress, emailid, email id, emailadresse, mail adresse, correo
            e, indirizzo email, adres e mail, mejl, sahkoposti, pec
            """
        ),
        types=TEXTUAL,
        fits=_FIELDS[Kind.EMAIL].plausible,
        missed=6.0,
        tells=_FIELDS[Kind.EMAIL].plausible,
        told=9.0,
    ),
    HeldKind(
        name=Kind.PHONE,
        title="phone number",
        headers=(_FIELDS[Kind.PHONE].headers - phrases("=cell"))
        | phrases(
            """
            phone home, home phone, work phone, mobile phone, mobile no, mobile nummer, mobilnr, contact
            number, contact no, contact phone, phone nbr, phonenumber, tlf, tfn, tel nr, telnummer,
            telefono1, fono, tel perso, gsm nummer, telefoonnr, nr telefonu, numer telefonu, telefonnr,
            puhelin, faks, telefax, fax number, numero telephone, num tel, tel fixe, tel portable, phones,
            telefones, contact tel
            """
        ),
        hints=phrases("mobile, contact, handy, portable"),
        types=WRITTEN,
        fits=share_of(_few_digits),
        missed=5.0,
        tells=_written_phones,
        told=5.0,
        people=0.5,
    ),
    HeldKind(
        name=Kind.ADDRESS,
        title="postal address",
        headers=(_FIELDS[Kind.ADDRESS].headers - phrases("via, voie, str"))
        | phrases(
            """
            =via, =str, =voie, address1, address2, address3, address 2, address line 2, address line1,
            address line2, street name, street number, house number, housenumber, house no, houseno,
            delivery address, residence address, local address, permanent address, current address, address
            full, street1, street2, streetaddress, apartment number, hausnummer, hausnr, hnr, huisnummer,
            huisnr, busnummer, numero rue, numero civico, civico, numero casa, numer domu, numer mieszkania,
            nr domu, postadress, adres korespondencyjny, domicile, addresse, adresszeile, nummer huis,
            colonia, calle y numero, domicilio fiscal, addr line, indirizzo residenza
            """
        ),
        hints=phrases(
            """
            address, adresse, line1, line2, line 1, line 2, residence, =num, =numero, =number, =nr,
            addition, box, =numer, =nummer
            """
        ),
        types=WRITTEN,
        fits=share_of(part_of_address),
        missed=4.0,
        tells=_street_addresses,
        told=5.0,
        people=0.5,
        beside="postal",
        nearby=2.5,
    ),
    HeldKind(
        name=Kind.POSTCODE,
        title="postcode",
        headers=(_FIELDS[Kind.POSTCODE].headers - phrases("cap, cp, zip, npa"))
        | phrases(
            """
            =cap, =cp, zip, =npa, postal, zip5, plus four, postcd, postal cd, zipcd, pcode, kodpocztowy,
            codepostal
            """
        ),
        types=WRITTEN,
        fits=share_of(postcode),
        missed=5.0,
        tells=_FIELDS[Kind.POSTCODE].plausible,
        told=1.0,
        beside="postal",
        nearby=1.0,
    ),
    HeldKind(
        name="geo_position",
        title="position of a person",
        of_things=True,
        headers=phrases(
            """
            latitude, longitude, geolocation, geo location, gps, gps position, geo position, coordinates,
            lat long, lat lng, latlng, latlon, latitude longitude, breitengrad, laengengrad, langengrad,
            latitud, longitud, latitudine, longitudine, koordinaten, coordonnees gps, last location, current
            location, home location, current position, last position, breedtegraad, lengtegraad
            """
        ),
        hints=phrases("lat, lng, lon, long, geom, coords, coordinate"),
        types=ANY - {Family.DATE, Family.TIME, Family.YES_NO},
        fits=share_of(degrees),
        missed=5.0,
        tells=share_of(position),
        told=1.5,
        people=4.5,
        beside="journey",
        nearby=3.0,
    ),
    HeldKind(
        name="ip_address",
        title="network address",
        headers=phrases(
            """
            ip, ip address, ipaddress, ip addr, remote ip, client ip, user ip, last ip, source ip, src ip,
            ipv4, ipv6, remote addr, remote address, remote host, sign in ip, login ip, ip adresse, adresse
            ip, direccion ip, indirizzo ip, forwarded for, x forwarded for, registration ip, session ip, c
            ip
            """
        ),
        types=ANY - {Family.DATE, Family.TIME, Family.YES_NO, Family.PLACE},
        fits=share_of(lambda text: network_address(text) or text.startswith(("\\x", "0x"))),
        missed=4.0,
        tells=share_of(network_address),
        told=7.0,
    ),
    HeldKind(
        name="device_id",
        title="number of a person's device",
        headers=phrases(
            """
            imei, imsi, meid, udid, mac address, macaddress, device id, device identifier, device uuid,
            deviceid, advertising id, idfa, gaid, aaid, cookie id, visitor id, browser fingerprint, device
            fingerprint, android id, installation id, iccid, geraetenummer
            """
        ),
        hints=phrases("mac, device serial, serial number, client id"),
        types=TEXTUAL | {Family.UUID, Family.UNKNOWN},
        fits=share_of(_identifies_device),
        missed=5.0,
        tells=share_of(device),
        told=5.0,
        people=1.0,
    ),
)
