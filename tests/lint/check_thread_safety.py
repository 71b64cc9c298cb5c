"""Checks the lock annotations of the server's threads with clang's -Wthread-safety.

Usage: check_thread_safety.py [BUILD_DIR]. Parses the sources of FOLDERS with the flags of
BUILD_DIR/compile_commands.json (build/release by default) and generates no code. Prints clang's
warnings; the exit status is 1 if there is any.
"""

import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The folders whose code takes locks, except the engine's.
FOLDERS = (
    "server/base/",
    "server/models/",
    "server/scheduling/",
    "server/service/",
    "server/telemetry/",
    "server/main.cc",
    "server/reporting.cc",
)
CLANG = ("clang++", "-fsyntax-only", "-Wthread-safety", "-Werror=thread-safety")


@dataclass(frozen=True)
class Unit:
    """A source file, as the build compiles it."""

    directory: str
    file: str
    flags: tuple[str, ...]


def _flags(command: str) -> tuple[str, ...]:
    """Returns those flags of a g++ command that decide what clang parses."""
    words = shlex.split(command)
    flags = []
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word.startswith(("-D", "-I", "-std=")):
            flags.append(word)
        elif word == "-isystem":
            flags += [word, following]
    return tuple(flags)


def units(build: Path, root: Path) -> list[Unit]:
    """Returns the sources of FOLDERS, ordered by name."""
    entries = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    found = {}
    for entry in entries:
        name = os.path.relpath(os.path.join(entry["directory"], entry["file"]), root)
        if name.startswith(FOLDERS):
            found[name] = Unit(entry["directory"], entry["file"], _flags(entry["command"]))
    return [found[name] for name in sorted(found)]


def check(unit: Unit) -> str:
    """Returns clang's messages about one source; empty if there is none."""
    command = [*CLANG, *unit.flags, unit.file]
    done = subprocess.run(command, cwd=unit.directory, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode != 0 else ""


def main() -> int:
    build = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "release"
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        messages = list(pool.map(check, units(build, ROOT)))
    for message in filter(None, messages):
        print(message, end="")
    print(f"{len(messages)} sources checked, {sum(map(bool, messages))} with warnings")
    return 1 if any(messages) or not messages else 0


if __name__ == "__main__":
    sys.exit(main())
