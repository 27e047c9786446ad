"""Money: cards, accounts, pay."""

from trapstreet.core.fields.fold import phrases
from trapstreet.core.fields.kind import Kind
from trapstreet.core.fields.registry import kinds
from trapstreet.discover.domain.cards import payment_card
from trapstreet.discover.domain.declared import NUMBERS, WRITTEN, Family
from trapstreet.discover.domain.kinds import HeldKind, nothing, share_of
from trapstreet.discover.domain.values import (
    account_number,
    amount,
    bank_code,
    card_detail,
)

_FIELDS = kinds()
_IBAN = phrases("iban, iban number")


KINDS = (
    HeldKind(
        name=Kind.CARD,
        title="payment card number",
        headers=(_FIELDS[Kind.CARD].headers - phrases("card, card no, pan, carta di credito"))
        | phrases(
            """
            =pan, =cc, ccnum, cc num, cc no, ccno, cardnumber, card nbr, creditcard no, carta credito
            """
        ),
        hints=phrases("card, card no, karte, carte, tarjeta, karta"),
        types=WRITTEN,
        fits=share_of(lambda text: sum(map(str.isdigit, text)) >= 8),
        missed=6.0,
        tells=share_of(payment_card),
        told=8.0,
        beside="money",
        nearby=2.0,
    ),
    HeldKind(
        name="card_details",
        title="check code or expiry of a card",
        headers=phrases(
            """
            cvv, cvv2, cvc, cvc2, csc, card verification, card security code, card expiry, card expiration,
            card exp, cc exp, cc expiry, expiry month, expiry year, exp month, exp year, expiration month,
            expiration year, kartenpruefnummer, prufziffer karte, cryptogramme, ablaufdatum karte, validade
            cartao
            """
        ),
        hints=phrases(
            """
            security code, expiry, expiry date, expiration, expiration date, expdate, exp date, ablauf,
            valid thru
            """
        ),
        types=WRITTEN | {Family.DATE, Family.TIME},
        fits=share_of(card_detail),
        missed=5.0,
        tells=nothing,
        told=0.0,
        beside="card",
        nearby=4.0,
    ),
    HeldKind(
        name=Kind.IBAN,
        title="IBAN",
        headers=_IBAN,
        types=NUMBERS,
        fits=_FIELDS[Kind.IBAN].plausible,
        missed=5.0,
        tells=_FIELDS[Kind.IBAN].plausible,
        told=9.0,
    ),
    HeldKind(
        name="bank_account",
        title="bank account",
        headers=(_FIELDS[Kind.IBAN].headers - _IBAN - phrases("konto, account number"))
        | phrases(
            """
            bank account number, bank account no, bank acct, acct no, acct number, routing number, sort
            code, bic, swift, swift code, bank code, blz, bankleitzahl, kontonr, konto nr, bank number, nr
            konta, numer rachunku, rachunek, numero de cuenta bancaria, cbu, clabe, conto bancario, agencia
            conta, rib, code banque, code guichet, rekening, bankrekening, bankkontonr, kontonummer, aba
            number
            """
        ),
        hints=phrases(
            """
            account number, konto, account no, cuenta, compte, conto, conta, accountnumber
            """
        ),
        types=WRITTEN,
        fits=share_of(lambda text: account_number(text) or bank_code(text)),
        missed=5.0,
        tells=share_of(bank_code),
        told=3.0,
        beside="money",
        nearby=3.0,
    ),
    HeldKind(
        name="salary",
        title="pay",
        of_things=True,
        headers=phrases(
            """
            salary, salaries, wage, wages, base salary, gross salary, net salary, annual income, monthly
            income, income, hourly rate, hourly wage, payrate, pay rate, compensation, bonus amount, take
            home pay, net pay, gehalt, bruttogehalt, nettogehalt, jahresgehalt, monatsgehalt, lohn,
            stundenlohn, grundgehalt, einkommen, salaire, salaire brut, salaire net, remuneration, revenu,
            sueldo, salario, nomina, ingresos mensuales, stipendio, retribuzione, reddito, salaris, loon,
            brutoloon, nettoloon, inkomen, ordenado, remuneracao, renda, wynagrodzenie, pensja, placa,
            zarobki, manadslon, sal, earnings, networth, net worth
            """
        ),
        hints=phrases("pay, gross, net, brutto, netto"),
        types=NUMBERS,
        fits=share_of(amount),
        missed=6.0,
        tells=nothing,
        told=0.0,
        people=2.0,
    ),
)
