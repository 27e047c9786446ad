"""A key of the owner's own AWS account that may do nothing, in a credentials file."""

import base64
import os
import re
from typing import Annotated

import msgspec

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.breadcrumbs import Made, Resources, Token, _template
from trapstreet.plugins.breadcrumbs._options import option

title = "AWS key"
needs: tuple[str, ...] = ()
channels = ("login",)
reveals = (
    "The number of your account, which is part of the key, and by its first use the name of its user: give "
    "that an ordinary name. A use stands in CloudTrail, from where trapstreet has to be told."
)

ID, SECRET = "TRAPSTREET_AWS_KEY_ID", "TRAPSTREET_AWS_SECRET"


class Settings(msgspec.Struct, frozen=True):
    key: Annotated[
        str, option(f"file with the key, as AWS gives it; else it is taken from {ID} and {SECRET}", "FILE")
    ] = ""
    profile: Annotated[str, option("name of the profile; else one is drawn", "NAME")] = ""
    region: Annotated[str, option("its region", "REGION")] = "eu-west-1"


settings = Settings

_PROFILES = (
    "default backup prod production deploy terraform data-export billing ci legacy ops reports".split()
)
_KEY_ID = re.compile(r"(?<![A-Z0-9])AKIA[A-Z0-9]{16}(?![A-Z0-9])")
_SECRET = re.compile(r"(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")


def make(settings: Settings, resources: Resources, draws: KeyedDraws) -> Made:
    """The key as a profile of ~/.aws/credentials. No key is made up: its account has to be the owner's."""
    text = (
        _template.read(settings.key).decode(errors="replace")
        if settings.key
        else f"{os.environ.get(ID, '')}\n{os.environ.get(SECRET, '')}"
    )
    ids, secrets = set(_KEY_ID.findall(text)), set(_SECRET.findall(text))
    if len(ids) != 1 or len(secrets) != 1:
        raise UnusableInput(
            f"{settings.key or f'{ID} and {SECRET}'}: this is not one long-term key with its secret",
            hint="create one for a user without rights: aws iam create-access-key --user-name NAME > FILE",
        )
    (key,), (secret,) = ids, secrets
    profile = settings.profile or draws.choice(_PROFILES)
    if not re.fullmatch(r"[\w.-]+", profile) or not re.fullmatch(r"[a-z0-9-]+", settings.region):
        raise UnusableInput("--profile and --region are plain words", hint="like backup and eu-west-1")
    number = account(key)
    section = profile if profile == "default" else f"profile {profile}"
    return Made(
        text=f"Profile {profile}: place it only if the account{number and ' '}{number} is yours.\n\nPut both "
        "files into .aws of a home folder, an image or a backup. Its user must have no policy; let the "
        "events of CloudTrail on the key reach you.",
        tokens=(Token("login", key),),
        files={
            "credentials": "\n".join(
                (f"[{profile}]", f"aws_access_key_id = {key}", f"aws_secret_access_key = {secret}", "")
            ).encode(),
            "config": f"[{section}]\nregion = {settings.region}\n".encode(),
        },
    )


def account(key_id: str) -> str:
    """The number of the account that a key belongs to: bits 1 to 40 behind its prefix, in base32.

    "" for keys of before 2019, which do not tell.
    """
    if key_id[4] in "IJ" or not re.fullmatch(r"[A-Z2-7]{16}", key_id[4:]):
        return ""
    number = int.from_bytes(base64.b32decode(key_id[4:])[:6], "big")
    return f"{(number & 0x7FFFFFFFFF80) >> 7:012d}"
