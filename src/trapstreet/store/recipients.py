"""Recipients: pseudonyms in clear, names sealed."""

from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed, seal
from trapstreet.store.catalogue import new_id
from trapstreet.store.models import Recipient


def names(ring: KeyRing) -> dict[str, str]:
    """Every recipient's name by pseudonym: protected, for comparing and for unmasking only."""
    return {each.id: _opened(each, ring) for each in Recipient.objects.all()}


def of_copy(copy: str, ring: KeyRing) -> str:
    """The name of a copy's recipient: protected."""
    return _opened(Recipient.objects.get(copies__id=copy), ring)


def add(name: str, ring: KeyRing, *, at: int) -> Recipient:
    """A new recipient under a new pseudonym."""
    pseudonym = new_id("r")
    sealed = seal(ring.recipients_key(), name.encode(), aad=pseudonym.encode())
    return Recipient.objects.create(id=pseudonym, name=sealed, created_at=at)


def _opened(recipient: Recipient, ring: KeyRing) -> str:
    return open_sealed(ring.recipients_key(), bytes(recipient.name), aad=recipient.id.encode()).decode()
