"""What opens a door: passwords, tokens, keys."""

from collections.abc import Sequence

from trapstreet.core.fields.fold import phrases
from trapstreet.discover.domain.declared import TEXTUAL, WRITTEN, Family
from trapstreet.discover.domain.kinds import HeldKind, share_of
from trapstreet.discover.domain.values import digest, drawn_at_random, password, password_hash, secret, token

_LIKE_ONE = 0.3  # of a token of a known make: a checksum of a file looks the same


def _secrets(texts: Sequence[str]) -> float:
    """Share of tokens and keys of known makes; what looks drawn at random, or a digest, counts less."""
    known = sum(map(secret, texts))
    like = sum(not secret(text) and (digest(text) or drawn_at_random(text)) for text in texts)
    return (known + _LIKE_ONE * like) / max(1, len(texts))


KINDS = (
    HeldKind(
        name="password",
        title="password or its hash",
        headers=phrases(
            """
            password, passwd, passwort, pwd, pswd, passw, =pass, password hash, passwordhash, hashed
            password, encrypted password, crypted password, passphrase, pin code, =pin, passcode, kennwort,
            mot de passe, motdepasse, mdp, contrasena, contrasenia, clave acceso, clave, parola, wachtwoord,
            senha, haslo, losenord, passord, salasana, user pass, userpass, db pass
            """
        ),
        hints=phrases("pass, pin, secret word"),
        types=WRITTEN | {Family.BYTES},
        fits=share_of(password),
        missed=4.0,
        tells=share_of(password_hash),
        told=9.0,
        beside="login",
        nearby=2.0,
    ),
    HeldKind(
        name="secret",
        title="token, key or other secret",
        headers=phrases(
            """
            api key, apikey, api token, access token, refresh token, auth token, token hash, session token,
            email token, secret data, credential data, reset token, reset password token, password reset
            token, remember token, confirmation token, unlock token, activation token, verification token,
            csrf token, bearer token, push token, device token, id token, oauth token, client secret, secret
            key, private key, privkey, app secret, consumer secret, shared secret, otp secret, totp secret,
            mfa secret, two factor secret, encryption key, signing key, hmac key, license key, salt,
            password salt, session key, session id, session data, invite token, auth key, access key, secret
            access key, webhook secret, connection string, security answer, secret answer, recovery code,
            backup codes, jwt, activation key, zugangsschluessel, geheimnis, cle api, clave api, chiave api,
            remember me token
            """
        ),
        hints=phrases("token, secret, key, series, sid, otp"),
        types=TEXTUAL | {Family.BYTES, Family.UUID, Family.UNKNOWN},
        fits=share_of(token),
        missed=5.0,
        tells=_secrets,
        told=9.0,
        beside="login",
        nearby=1.0,
    ),
)
