"""Whatever stands in an alert, each format says it as words and as nothing else.

Parsed back by parsers that are not ours where there are some: the standard library's of mail and JSON,
jsonschema with OCSF's schema, pycef; else by the grammar of the format, written down here.
"""

import json
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from typing import Any, cast

import jsonschema
import msgspec
import pycef
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from receivers import NOTICE
from trapstreet.core.model.notice import Notice, Severity
from trapstreet.plugins.notifiers import cef, mail, ocsf, slack, syslog, teams
from trapstreet.plugins.notifiers._json import alert
from trapstreet.plugins.notifiers._syslog import short
from trapstreet.plugins.notifiers._words import line, value
from tries import tries

HOSTILE = [
    "a\r\nBcc: everybody@else.example\r\n\r\n<script>alert(1)</script>",
    "a\x00b\x1b[2Jc\x7fd\x85e\u2028f\u2029g",
    "<!channel> <@U123> <https://else.example|here> @everyone @here &lt;!channel&gt; &amp;",
    "**bold** [link](https://else.example) ![picture](https://else.example/a.png) <at>all</at> {{DATE(x)}}",
    "CEF:0|a|b|c\\|d\\\\|10|src=1.2.3.4 msg=x\\=y\\nz",
    'x"] [other@1 a="b"] \\] \\" =',
    "=cmd|' /C calc'!A0",
    "\u202egpj.exe \u2066x\u2069 \u200b\ufeff\u200f",
    "=?utf-8?q?x?= " * 3,
    ".\r\n.\r\nQUIT",
    "\ud800 \U0010ffff \ue000",
    "%s %n {0.__class__} ${jndi:ldap://else.example/a}",
    "www.else.example/a?b=c ftp://else.example mailto:a@else.example",
    "é" * 5000,
    "😀" * 2000,
    "word " * 20_000,
    "",
    "   ",
]
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=300))
NOTICES = st.builds(
    Notice,
    id=TEXTS,
    case=TEXTS,
    at=st.integers(0, 4_102_444_800_000_000),
    raised=st.integers(0, 4_102_444_800_000_000),
    kind=TEXTS,
    severity=st.sampled_from(list(Severity)),
    headline=TEXTS,
    happened=st.lists(TEXTS, max_size=3).map(tuple),
    lay=TEXTS,
    stake=TEXTS,
    steps=st.lists(TEXTS, max_size=3).map(tuple),
    facts=st.lists(st.tuples(TEXTS, TEXTS), max_size=4).map(tuple),
    reason=TEXTS,
)
WORST = [
    msgspec.structs.replace(
        NOTICE,
        **dict.fromkeys(("id", "case", "kind", "headline", "lay", "stake", "reason"), text),
        **dict.fromkeys(("happened", "steps"), (text, text)),
        facts=(("address", text), (text, text)),
    )
    for text in HOSTILE
]
often = settings(
    max_examples=tries(150), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def with_the_worst(test: Any) -> Any:
    for notice in WORST:
        test = example(notice)(test)
    return often(given(NOTICES)(test))


@often
@given(st.text())
def test_a_line_is_one_line_of_what_prints(text: str) -> None:
    made = line(text, most=100)
    assert len(made) <= 100 and made.isprintable() and made == made.strip()
    assert line(made, most=100) == made


def test_a_line_keeps_words_of_any_language_and_leaves_out_what_hides() -> None:
    assert line("Größe 客户 عميل\tнет\r\n🙂 x") == "Größe 客户 عميل нет 🙂 x"
    assert line("a\u202eb\u200bc\u2066d\x00e") == "abcd e"
    assert value("see http://www.else.example/a?b=1") == "see http[:]//www[.]else[.]example/a?b=1"
    assert value("192.0.2.1") == "192.0.2.1"


@with_the_worst
def test_a_mail_is_one_part_of_plain_text_with_our_headers_alone(notice: Notice) -> None:
    made = msgspec.convert(
        {"host": "mail.you.example", "from": "a@you.example", "to": ["b@you.example"]}, mail.Settings
    )
    raw = mail.written(mail.composed([notice, NOTICE], key="d-1", settings=made))
    parsed = cast(EmailMessage, message_from_bytes(raw, policy=default))
    plain = mail.composed([NOTICE, NOTICE], key="d-1", settings=made)
    assert sorted({*parsed.keys()} | {"References"}) == sorted({*plain.keys()} | {"References"})
    assert parsed.get_content_type() == "text/plain" and not parsed.is_multipart() and not parsed.defects
    assert parsed["to"] == "b@you.example" and parsed["subject"].isprintable()
    assert re.search(rb"^Subject: ?\S", raw, re.MULTILINE)
    assert all(len(each) <= 998 for each in raw.split(b"\r\n")) and b"\n" not in raw.replace(b"\r\n", b"")
    text = parsed.get_content()
    assert all(each.isprintable() for each in text.splitlines()) and "://" not in text
    assert line(NOTICE.headline) in text


@with_the_worst
def test_a_message_in_slack_has_no_mention_and_no_markup(notice: Notice) -> None:
    message = json.loads(json.dumps(slack.composed([notice] * 3)))
    texts = [message["text"], *(block["text"]["text"] for block in message["blocks"])]
    assert all(block["text"]["type"] == "plain_text" for block in message["blocks"])
    assert len(message["blocks"]) <= 50 and all(0 < len(text) <= 3000 for text in texts)
    assert len(message["blocks"][0]["text"]["text"]) <= 150
    for text in texts:
        assert "<" not in text and ">" not in text
        assert not re.search(r"&(?!(amp|lt|gt);)", text)


@with_the_worst
def test_a_card_in_teams_has_text_runs_alone(notice: Notice) -> None:
    raw = teams.composed([notice] * 3)
    assert len(raw) <= 28_000
    card = json.loads(raw)["attachments"][0]["content"]
    for block in card["body"]:
        assert block["type"] == "RichTextBlock"
        (run,) = block["inlines"]
        assert run["type"] == "TextRun" and run["text"].isprintable() and "://" not in run["text"]


_SYSLOG = re.compile(
    r"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([!-~]{1,255}) trapstreet - ([!-~]{1,32}) "
    r'(?:-|\[trapstreet@32473((?: [!#-<>-\\^-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*)\])(?: (?P<words>.*))?',
)
"""RFC 5424, section 6, with at most one element of structured data."""
_PARAMETER = re.compile(r' ([^=]+)="((?:[^"\\\]]|\\["\\\]])*)"')


@with_the_worst
def test_a_syslog_message_is_one_of_rfc_5424(notice: Notice) -> None:
    for most in (2048, 8192):
        raw = syslog.message(notice, key="d-1", most=most)
        assert len(raw) <= most and not any(byte < 32 or byte == 127 for byte in raw)
        parsed = _SYSLOG.fullmatch(raw.decode())
        assert parsed, raw
        assert int(parsed[1]) // 8 == 4
        said = [(name, re.sub(r"\\(.)", r"\1", text)) for name, text in _PARAMETER.findall(parsed[5])]
        assert said[:6] == [
            ("alert", short(notice.id)),
            ("case", short(notice.case)),
            ("severity", notice.severity.word),
            ("kind", short(notice.kind)),
            ("reason", short(notice.reason)),
            ("key", "d-1"),
        ]
        words = parsed["words"] or ""
        assert words.isascii() or words.startswith("\ufeff")


_CEF = re.compile(r"CEF:0((?:\|(?:[^|\\]|\\[|\\])*){6})\|(.*)")
_KEY = re.compile(r"(?:^| )([A-Za-z0-9]+)=")


@with_the_worst
def test_a_cef_event_has_seven_columns_and_pairs_that_end_where_they_should(notice: Notice) -> None:
    raw = cef.message(notice, key="d-1", most=2048)
    assert len(raw) <= 2048 and not any(byte < 32 or byte == 127 for byte in raw)
    parsed = _CEF.fullmatch(raw.decode().partition(" - ")[2].partition(" - ")[2])
    assert parsed, raw
    columns = [re.sub(r"\\(.)", r"\1", text) for text in re.split(r"(?<!\\)(?:\\\\)*\|", parsed[1])[1:]]
    assert columns[:2] == ["trapstreet", "trapstreet"] and 0 <= int(columns[-1]) <= 10
    assert re.fullmatch(r"(?:[^\\]|\\[\\=n])*", parsed[2])
    pairs = re.sub(r"\\.", "__", parsed[2])
    names = [found[1] for found in _KEY.finditer(pairs)]
    assert pairs.count("=") == len(names)
    assert names[:7] == ["externalId", "cat", "rt", "reason", "cs1Label", "cs1", "cs2Label"]
    assert all(name in _DICTIONARY or name.startswith("trapstreet") for name in names)


_DICTIONARY = "externalId cat rt reason cs1Label cs1 cs2Label cs2 src c6a2Label c6a2 msg".split()


def test_a_cef_event_is_read_by_a_parser_that_is_not_ours() -> None:
    read = pycef.parse(cef.message(NOTICE, key="d-1", most=8192).decode())
    assert (read["DeviceVendor"], read["Name"], read["Severity"]) == ("trapstreet", NOTICE.headline, "8")
    assert (read["externalId"], read["src"], read["case"], read["key"]) == ("a17", "192.0.2.1", "k4", "d-1")
    assert read["rt"] == "1795000000123" and read["trapstreetCountry"] == "IE"
    assert NOTICE.steps[1] in read["msg"]


@cache
def _schema() -> Any:
    made = OcsfJsonSchemaEmbedded(get_ocsf_schema(ocsf.SCHEMA))
    return jsonschema.Draft202012Validator(made.get_class_schema("detection_finding"))


@with_the_worst
def test_an_ocsf_event_is_a_detection_finding_by_its_schema(notice: Notice) -> None:
    event = json.loads(msgspec.json.encode(ocsf.finding(notice, key="d-1")))
    _schema().validate(event)
    assert event["class_uid"] == 2004 and event["severity_id"] == int(notice.severity)
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]


@with_the_worst
def test_an_alert_for_machines_is_json_whose_texts_print(notice: Notice) -> None:
    told = json.loads(msgspec.json.encode(alert(notice)))
    assert told["headline"] == line(notice.headline) and told["severity"] == notice.severity.word
    assert [each["value"] for each in told["facts"]] == [line(text) for _, text in notice.facts]
    assert msgspec.json.encode(told).decode().isprintable()
