"""Fails on phrases that CONTRIBUTING.md ("Language") rules out, in documents and in comments.

Usage: check_words.py [ROOT]. Prints one line a finding; the exit status is 1 if there is any.
"""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# A phrase, as a regular expression, and what to write instead. A space in a phrase also matches a
# line break between two lines of a comment.
PHRASES = {
    r"com(?:es?|ing) to nothing": "is ignored",
    r"nobody'?s business": "is not used",
    r"hears?": "receives, is notified of",
    r"(?:is|are|was|were|be) told": "gets, is given, is known",
    r"told by": "recognised by, known from",
    r"tells": "reports, says, returns",
    r"for ever": "indefinitely, without a time limit",
    r"of ours": "the project's",
    r"lets? go(?: of)?": "releases",
    r"what there is": "the existing ...",
    r"none of it": "nullopt, empty",
    r"so many": "N, a number of",
    r"to the house": "to the project",
    r"stands? in where": "used when",
    r"nothing where": "nullopt if, empty if",
    r"as (?:much|many) as there (?:is|are)": "all",
}
# "Tells A and B apart" is plain English.
ALLOWED = re.compile(r"tells (?:\S+ ){0,3}apart", re.IGNORECASE)

CHECKED = ("*.md", "*.proto", "*.h", "*.cc", "*.cuh", "*.cu", "*.py")


@dataclass
class Finding:
    file: str
    line: int
    phrase: str
    instead: str

    def __str__(self) -> str:
        return f'{self.file}:{self.line}: "{self.phrase}"; write: {self.instead}'


def _compiled(phrase: str) -> re.Pattern[str]:
    return re.compile(rf"\b{phrase}\b".replace(" ", r"(?:\s|//|#)+"), re.IGNORECASE)


_PATTERNS = [(_compiled(phrase), instead) for phrase, instead in PHRASES.items()]


def check_text(file: str, text: str) -> list[Finding]:
    """The findings in one file's text, in the order of PHRASES."""
    findings = []
    for pattern, instead in _PATTERNS:
        for match in pattern.finditer(text):
            if not ALLOWED.match(text, match.start()):
                line = text.count("\n", 0, match.start()) + 1
                findings.append(Finding(file, line, " ".join(match.group().split()), instead))
    return findings


def checked_files(root: Path) -> list[str]:
    """The repository's files that the phrases are looked for in; not this one and its test."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *CHECKED]
    names = subprocess.run(listed, cwd=root, check=True, capture_output=True, text=True).stdout
    return [name for name in names.splitlines() if not name.endswith("_words.py")]


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    findings = []
    for name in checked_files(root):
        path = root / name
        if path.is_file():
            findings += check_text(name, path.read_text(encoding="utf-8"))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
