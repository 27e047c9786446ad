"""Fills a Samba domain with people in every state that is a trap. For the system's Python, which has samba.

domain_people.py SMB_CONF PASSWORD
"""

import sys

from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
from samba.sd_utils import SDUtils

NORMAL, DISABLED, NEEDS_NONE, READABLE, WORKSTATION = 0x200, 0x2, 0x20, 0x80, 0x1000
NEVER_EXPIRES, SMARTCARD, DELEGATES, NO_PREAUTH = 0x10000, 0x40000, 0x80000, 0x400000
RESTRICTIONS = "4c164200-20c0-11d0-a768-00aa006e0529"
"""The property set of userAccountControl, pwdLastSet and accountExpires."""

PEOPLE = {
    "reader": 0,
    "anna": 0,
    "bert": NO_PREAUTH,
    "carl": NEVER_EXPIRES,
    "dora": DISABLED | NO_PREAUTH | DELEGATES | NEVER_EXPIRES,
    "eve": READABLE | NEEDS_NONE,
    "fred": DELEGATES | SMARTCARD,
    "gina": 0,
    "ines": 0,
    "jörg": 0,
}
GROUPS = {
    "Helpdesk": ["anna", "Level1"],
    "Level1": ["Helpdesk", "jörg"],
    "Domain Admins": ["Helpdesk"],
    "Nobody knows": ["gina"],
}


def main(config: str, password: str) -> None:
    settings = LoadParm()
    settings.load(config)
    directory = SamDB(session_info=system_session(), lp=settings)
    base = str(directory.get_default_basedn())
    for name, bits in PEOPLE.items():
        directory.newuser(name, password, surname='O\'Neil, "x"' if name == "jörg" else None)
        directory.modify_ldif(
            f"dn: {dn_of(directory, name)}\nchangetype: modify\nreplace: userAccountControl\n"
            f"userAccountControl: {NORMAL | bits}\n"
        )
    for name in ("Helpdesk", "Level1", "Nobody knows"):
        directory.newgroup(name)
    for name, members in GROUPS.items():
        directory.add_remove_group_members(name, members, add_members_operation=True)
    directory.modify_ldif(
        f"dn: {dn_of(directory, 'carl')}\nchangetype: modify\nadd: servicePrincipalName\n"
        "servicePrincipalName: HTTP/web.example.test\n"
    )
    directory.modify_ldif(
        f"dn: {dn_of(directory, 'gina')}\nchangetype: modify\nreplace: description\n"
        "description: on leave, Passwort: Sommer2026\n"
    )
    directory.modify_ldif(
        f"dn: CN=Domain Admins,CN=Users,{base}\nchangetype: modify\nadd: member\n"
        "member: <SID=S-1-5-21-1-2-3-1105>\n"
    )
    directory.add_ldif(
        f"dn: CN=WS1,CN=Computers,{base}\nobjectClass: computer\nsAMAccountName: WS1$\n"
        f"userAccountControl: {WORKSTATION | DELEGATES}\n"
    )
    directory.add_ldif(
        f"dn: CN=service accounts,CN=Password Settings Container,CN=System,{base}\n"
        "objectClass: msDS-PasswordSettings\nmsDS-PasswordSettingsPrecedence: 10\n"
        "msDS-PasswordReversibleEncryptionEnabled: TRUE\nmsDS-PasswordHistoryLength: 1\n"
        "msDS-PasswordComplexityEnabled: FALSE\nmsDS-MinimumPasswordLength: 4\nmsDS-MinimumPasswordAge: 0\n"
        "msDS-MaximumPasswordAge: -864000000000\nmsDS-LockoutThreshold: 0\n"
        "msDS-LockoutObservationWindow: -18000000000\nmsDS-LockoutDuration: -18000000000\n"
    )
    SDUtils(directory).dacl_add_ace(dn_of(directory, "ines"), f"(OD;;RP;{RESTRICTIONS};;AU)")


def dn_of(directory: SamDB, name: str) -> str:
    (found,) = directory.search(expression=f"(sAMAccountName={name})", attrs=["dn"])
    return str(found.dn)


if __name__ == "__main__":
    main(*sys.argv[1:])
