"""The documents use no banned phrase, and the check finds each of them."""

from pathlib import Path

import pytest

from tests.lint.check_words import PHRASES, check_text, checked_files

ROOT = Path(__file__).resolve().parents[2]


def test_files_have_no_banned_phrase():
    files = checked_files(ROOT)
    assert "README.md" in files
    findings = [
        str(finding)
        for name in files
        if (ROOT / name).is_file()
        for finding in check_text(name, (ROOT / name).read_text(encoding="utf-8"))
    ]
    assert findings == []


@pytest.mark.parametrize(
    ("text", "line", "phrase"),
    [
        ("// Hears nothing.\n", 1, "Hears"),
        ("first\n// beyond the schedule come to\n// nothing.\n", 2, "come to // nothing"),
        ("# It waits for\n# ever.\n", 1, "for # ever"),
        ("The header tells the size.", 1, "tells"),
        ("a\nb\nit LETS GO of the pair", 3, "LETS GO of"),
        ("of so many pixels", 1, "so many"),
    ],
)
def test_phrase_is_found(text, line, phrase):
    assert [(finding.line, finding.phrase) for finding in check_text("file", text)] == [
        (line, phrase)
    ]


@pytest.mark.parametrize(
    "text",
    ["The token tells clients apart.", "He told her.", "forever", "we heard it", "let it go"],
)
def test_plain_english_is_not(text):
    assert check_text("file", text) == []


def test_every_phrase_names_what_to_write_instead():
    assert all(instead.strip() for instead in PHRASES.values())
