"""The text of `trapstreet.toml`: what a new workspace's says, and how a value in it is changed."""

import json
import re

from trapstreet.core.model.errors import UnusableInput

FILE_NAME = "trapstreet.toml"
FORMAT = 1

_TEMPLATE = """\
# A trapstreet workspace. What may be changed here says so; the rest is written by trapstreet.

[workspace]
id = {id}
created = {created}
format = {format}

[database]
# SQLite in this folder, or PostgreSQL: postgresql://USER@HOST/DATABASE. The password does not belong here: it
# is kept beside the master key, or taken from PGPASSWORD, PGSERVICE or ~/.pgpass.
url = {url}

[keys]
# The folder with this workspace's master key; "" is trapstreet/keys in your configuration folder. The folder
# in the variable TRAPSTREET_KEYS is looked at first. May be changed when the folder moves.
folder = {folder}
# Public halves and a check value: they open nothing.
log = {log}
kit = {kit}
check = {check}

[decoys]
# May be changed: mail domains and telephone numbers that belong to you and reach nobody else. Decoys get
# their addresses and numbers from here, web addresses too (www.your.domain). Without them decoys use names
# reserved for examples, and whoever knows that can strip them.
domains = []
phones = []

[trap]
# May be changed: web addresses below which your trap answers, and DNS zones that it answers for. Breadcrumbs
# get their links and host names from here, and decoys their web addresses: urls = ["https://cdn.your.domain/"],
# zones = ["your-net.domain"].
urls = []
zones = []
# May be changed: your own networks, inside = ["10.0.0.0/8"], and MaxMind DB files of countries and networks
# that you bring, geography = ["/srv/geo/GeoLite2-City.mmdb"]: sightings then say from where.
inside = []
geography = []

[work]
# May be changed: folders of traps that trapstreet work takes what they heard from, like
# traps = ["/var/lib/trapstreet-trap"].
traps = []
# May be changed: how long uses of decoys are kept after the last one, and after their case was closed. What
# belongs to an open case is kept. "" keeps all for ever.
keep = "3 years"

[serve]
# May be changed: the folder of the trap that trapstreet serve runs on this machine beside the worker, like
# trap = "trap" (trapstreet serve --only trap --folder trap --set-up makes it). "" is none.
trap = ""

# [callback.NAME] may be added for each service that tells of calls, mails and tokens; docs/callbacks.md.
# [callback.calls]
# kind = "twilio"
# url = "https://cdn.your.domain/hooks/calls"
# secret_file = "twilio.token"

# [suppression] may be added: jobs on other machines then send their rows by HTTP (docs/suppression.md), and
# trapstreet serve answers them. All but the line itself may be left out.
# [suppression]
# address = "127.0.0.1"
# port = 8480
# certificate = "fullchain.pem"
# key = "privkey.pem"

# [notify.NAME] may be added for each way by which people are told of alerts; docs/alerts.md has all rules.
# [notify.desk]
# kind = "mail"
# host = "smtp.your.domain"
# from = "trapstreet@your.domain"
# to = ["security@your.domain"]
# least = "medium"

# [share.NAME] may be added for a data set NAME: what each of its copies goes without or has spelled in its
# own way, so that even a leak without decoys tells whose it was. Nothing unless it stands here.
# [share.customers]
# withhold = "1%"
# marks = ["phone=phone-layout", "email=letter-case"]

[scan]
# May be changed: values of yours that anybody may have, an address or a number that you publish. They are set
# aside wherever they are found: public = ["info@your.domain", "+353 1 900 0100"].
public = []

[evidence]
# May be changed: of what the watch finds a sealed snapshot is kept for so long, and for so long after its
# case was closed; of larger objects the beginning; all of them together take no more than this room.
keep = "90 days"
largest = "100 MB"
room = "10 GB"

[access]
# May be changed: servers and folders whose rights the worker compares with what they were, and how often:
# targets = ["postgresql://reader@db.internal/", "/srv/share"], without passwords (docs/drift.md). reminders
# may name a section [notify.NAME] of the kind mail: by it owners are reminded of reviews (docs/reviews.md).
# jobs are programs that work by themselves, as they call themselves: what they alone use, no person needs
# (docs/use.md).
targets = []
every = "1 day"
jobs = []

# [discover] may be added: free text is then read for who is named in it, by a pipeline of spaCy's for its
# language, or by a language alone ("en") for all but names; docs/discover.md.
# [discover]
# texts = "en_core_web_md"

[trace]
# May be changed: the largest chance, over all copies together, that an innocent copy is accused.
bound = 1e-6
"""


def new_settings_text(
    *, workspace_id: str, created: str, url: str, folder: str, log: str, kit: str, check: str
) -> str:
    """The commented file of a new workspace."""
    values = {
        "id": workspace_id,
        "created": created,
        "url": url,
        "folder": folder,
        "log": log,
        "kit": kit,
        "check": check,
    }
    return _TEMPLATE.format(format=FORMAT, **{name: _quoted(value) for name, value in values.items()})


def with_value(text: str, *, section: str, name: str, value: str) -> str:
    """The file with one text value replaced; comments and order stay."""
    pattern = re.compile(rf"(^\[{section}\]$(?:\n(?!\[).*)*?\n{name}[ \t]*=[ \t]*).*$", re.MULTILINE)
    changed, count = pattern.subn(lambda found: found[1] + _quoted(value), text)
    if count != 1:
        raise UnusableInput(
            f"{FILE_NAME} has no line {name!r} under [{section}]", hint="restore the file from a backup"
        )
    return changed


def _quoted(text: str) -> str:
    """A TOML basic string."""
    return json.dumps(text, ensure_ascii=False)
