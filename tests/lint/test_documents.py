"""Links, file names and section numbers that documents and comments cite exist."""

import re
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Records of the past may name what no longer exists.
RECORDS = ("CHANGELOG.md", "docs/experiments.md")

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
REPOSITORY_PATH = re.compile(
    r"(?:\.ci|client|cmake|deploy|docs|model|proto|server|tests)/[\w./-]*\w"
)
SOURCE_FILE = re.compile(r"[\w/]+\.(?:h|cc|cu|cuh|py)")
SECTION = re.compile(r"docs/algorithm\.md,(?:\s|//|#)+sections?(?:\s|//|#)+(\d(?:\.\d)?)")


@cache
def tracked(*patterns: str) -> tuple[str, ...]:
    """Files of the repository that match git's patterns."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(name for name in names.splitlines() if (ROOT / name).is_file())


@cache
def trailing_paths() -> frozenset[str]:
    """Every tracked file by each end of its path: `a/b/c.h`, `b/c.h`, `c.h`."""
    parts = (name.split("/") for name in tracked())
    return frozenset("/".join(path[i:]) for path in parts for i in range(len(path)))


def prose(name: str) -> str:
    """A document without its code blocks."""
    text = (ROOT / name).read_text(encoding="utf-8")
    fenced = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^(?: {4}|\t).*$", "", fenced, flags=re.MULTILINE)


@cache
def anchors(name: str) -> frozenset[str]:
    """The anchors that GitHub gives to a document's headings."""
    found: dict[str, int] = {}
    result = set()
    for heading in HEADING.findall(prose(name)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        count = found.get(slug, 0)
        found[slug] = count + 1
        result.add(f"{slug}-{count}" if count else slug)
    return frozenset(result)


def broken_links(name: str, text: str) -> list[str]:
    """The relative links of a document's text that lead nowhere."""
    broken = []
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = unquote(target).partition("#")
        path = (ROOT / name).parent / file if file else ROOT / name
        if not path.exists():
            broken.append(target)
        elif anchor and path.suffix == ".md":
            if anchor not in anchors(path.resolve().relative_to(ROOT).as_posix()):
                broken.append(target)
    return broken


@pytest.mark.parametrize("name", tracked("*.md"))
def test_links_resolve(name):
    assert broken_links(name, prose(name)) == []


@pytest.mark.parametrize("name", [name for name in tracked("*.md") if name not in RECORDS])
def test_named_files_exist(name):
    named = CODE.findall(prose(name))
    paths = [code for code in named if REPOSITORY_PATH.fullmatch(code)]
    sources = [code for code in named if SOURCE_FILE.fullmatch(code) and code not in paths]
    missing = [path for path in paths if not (ROOT / path).exists()]
    missing += [source for source in sources if source not in trailing_paths()]
    assert missing == []


@pytest.mark.parametrize("name", tracked("server/*README.md"))
def test_files_that_a_readme_of_the_server_names_exist(name):
    files = [code for code in CODE.findall(prose(name)) if SOURCE_FILE.fullmatch(code)]
    missing = [file for file in files if not (ROOT / name).parent.joinpath(file).exists()]
    assert missing == []


def test_cited_sections_of_the_algorithm_exist():
    headings = HEADING.findall(prose("docs/algorithm.md"))
    sections = {match.group(1) for h in headings if (match := re.match(r"(\d(?:\.\d)?) ", h))}
    assert "5.2" in sections
    cited, missing = 0, []
    for name in tracked("*.h", "*.cc", "*.cu", "*.cuh", "*.py"):
        for number in SECTION.findall((ROOT / name).read_text(encoding="utf-8")):
            cited += 1
            if number not in sections:
                missing.append(f"{name}: section {number}")
    assert cited > 0
    assert missing == []


def test_a_broken_link_is_found():
    text = "[a](nowhere.md) [b](docs/algorithm.md#no-such-heading) [c](docs/algorithm.md)"
    assert broken_links("README.md", text) == ["nowhere.md", "docs/algorithm.md#no-such-heading"]


def test_a_link_to_another_site_is_not_followed():
    assert broken_links("README.md", "[a](https://example.com/nowhere)") == []


def linked_documents(name: str) -> set[str]:
    """The documents that a document links to."""
    folder = (ROOT / name).parent
    targets = (unquote(target).partition("#")[0] for target in LINK.findall(prose(name)))
    paths = [(folder / target).resolve() for target in targets if target.endswith(".md")]
    return {path.relative_to(ROOT).as_posix() for path in paths if path.is_relative_to(ROOT)}


def test_every_document_is_reachable_from_the_readme():
    reached, waiting = set(), {"README.md"}
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= linked_documents(name) - reached
    assert set(tracked("*.md")) - reached == set()


def test_every_metric_of_the_server_is_documented():
    defined = set()
    for name in tracked("server/telemetry/*.cc"):
        defined |= set(re.findall(r'"(nemf_[a-z_]+)"', (ROOT / name).read_text(encoding="utf-8")))
    documented = set(re.findall(r"^\| `(nemf_\w+)` ", prose("docs/monitoring.md"), re.MULTILINE))
    assert "nemf_requests_total" in defined
    assert documented == defined


def test_types_that_the_glossary_names_exist():
    names = {
        c for c in CODE.findall(prose("docs/glossary.md")) if re.fullmatch(r"[A-Z]\w+[a-z]", c)
    }
    assert "FlowChunk" in names
    sources = [*tracked("server/*.h", "server/*.cc"), *tracked("*.proto")]
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in sources)
    missing = [
        n for n in names if not re.search(rf"^ *(class|struct|message|rpc|using) {n}\b", text, re.M)
    ]
    assert missing == []
