"""Mailboxes that end in the middle of a message, and such without bodies."""

import gzip
import random
import time

from taken_apart import read, source
from trapstreet.plugins.formats import mbox
from trapstreet.plugins.formats._stream import Budget, Limits, Stream

NOISE = random.Random(1).randbytes(20_000).hex().encode()
MAILS = (
    b"From a@b.de Mon Jan  1 00:00:00 2024\nFrom: a@b.de\nTo: c@d.de\nSubject: x\n\nmaria@example.com\n"
    + NOISE
)


def test_the_last_message_of_a_damaged_mailbox_is_read_as_far_as_it_came() -> None:
    texts, unread = read(source(gzip.compress(MAILS)[:-3000], "d.gz"))
    assert any(b"maria@example.com" in text for text in texts.values())
    assert [each.why for each in unread] == ["the compressed data ends in the middle"]


def seconds(messages: int) -> float:
    data = b"From x\nFrom: a@b.de\nTo: c@d.de\n\nhi\n" + b"From x\nA: b\n" * messages
    start = time.process_time()
    assert sum(1 for _ in mbox._messages(Stream([data], Budget(Limits(), None)))) == messages + 1
    return time.process_time() - start


def test_messages_without_bodies_take_linear_time() -> None:
    assert seconds(20_000) < 12 * max(0.02, seconds(2_500))
