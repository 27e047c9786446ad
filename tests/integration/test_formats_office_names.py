"""What members of an office document are called."""

from formats_containers import zipped
from taken_apart import read, source


def test_a_member_named_by_5000_digits_ends_no_scan() -> None:
    body = b"<w:document><w:p>maria@example.com</w:p></w:document>"
    document = {
        "[Content_Types].xml": b"<Types/>",
        "word/document.xml": body,
        f"word/{'1' * 5000}.xml": b"<a/>",
    }
    texts, _ = read(source(zipped(document), "d"))
    assert b"maria@example.com" in texts["d"]


def test_an_archive_whose_names_only_begin_as_those_of_a_document_is_an_archive() -> None:
    texts, unread = read(
        source(zipped({"content.xml2": b"maria@example.com", "META-INF/manifest.xml2": b"x"}), "d")
    )
    assert texts["d!/content.xml2"] == b"maria@example.com"
    assert unread == []
