"""Fails on an #include that crosses the layers of the house (see CONTRIBUTING.md).

Usage: check_layers.py [ROOT]. Prints one line a forbidden include; exit status 1 when there is any.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".h", ".cc", ".cuh", ".cu")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)

# The folders, and for each one the folders whose files it may include besides its own.
BASE = "server/base"
MATH = "server/engine/math"
ENGINE = "server/engine"  # the face: engine.h, image.h, match_options.h, ...
SCHEDULING = "server/scheduling"  # the face: scheduler.h, job.h, observer.h, ...
SERVICE = "server/service"
ROOMS = {
    BASE: (),
    MATH: (),
    f"{ENGINE}/device": (BASE,),
    f"{ENGINE}/bundle": (BASE, MATH, f"{ENGINE}/device"),
    f"{ENGINE}/encoder": (BASE, ENGINE, f"{ENGINE}/bundle", f"{ENGINE}/device"),
    f"{ENGINE}/matching": (BASE, MATH, ENGINE, f"{ENGINE}/bundle"),
    f"{ENGINE}/cpu": (
        BASE,
        MATH,
        ENGINE,
        *(f"{ENGINE}/{part}" for part in ("bundle", "device", "encoder", "matching")),
    ),
    f"{ENGINE}/cuda/kernels": (MATH, f"{ENGINE}/bundle"),
    f"{ENGINE}/cuda/runtime": (BASE, ENGINE, f"{ENGINE}/cuda/kernels", f"{ENGINE}/device"),
    f"{ENGINE}/cuda": (
        BASE,
        MATH,
        ENGINE,
        *(f"{ENGINE}/{part}" for part in ("bundle", "device", "encoder", "matching")),
        f"{ENGINE}/cuda/kernels",
        f"{ENGINE}/cuda/runtime",
    ),
    f"{ENGINE}/checks": (
        BASE,
        MATH,
        ENGINE,
        *(f"{ENGINE}/{part}" for part in ("bundle", "cpu", "device", "encoder")),
    ),
    ENGINE: (
        BASE,
        *(
            f"{ENGINE}/{part}"
            for part in ("bundle", "checks", "cpu", "cuda", "device", "encoder", "matching")
        ),
    ),
    f"{SCHEDULING}/admission": (BASE, ENGINE, SCHEDULING),
    f"{SCHEDULING}/encoding": (BASE, ENGINE, SCHEDULING, f"{SCHEDULING}/admission"),
    f"{SCHEDULING}/loop": (
        BASE,
        ENGINE,
        SCHEDULING,
        f"{SCHEDULING}/admission",
        f"{SCHEDULING}/encoding",
    ),
    SCHEDULING: (
        BASE,
        ENGINE,
        f"{SCHEDULING}/admission",
        f"{SCHEDULING}/encoding",
        f"{SCHEDULING}/loop",
    ),
    "server/models": (BASE, ENGINE, SCHEDULING),
    "server/telemetry": (BASE, ENGINE, SCHEDULING),
    f"{SERVICE}/security": (BASE,),
    f"{SERVICE}/images": (BASE, ENGINE),
    f"{SERVICE}/rpc": (BASE, ENGINE, SCHEDULING, f"{SERVICE}/security", "proto"),
    f"{SERVICE}/correspondence": (
        BASE,
        MATH,
        ENGINE,
        SCHEDULING,
        f"{SERVICE}/images",
        f"{SERVICE}/rpc",
        "proto",
    ),
    f"{SERVICE}/model_admin": (BASE, "server/models", f"{SERVICE}/rpc", "proto"),
    SERVICE: (
        BASE,
        "server/models",
        *(
            f"{SERVICE}/{part}"
            for part in ("correspondence", "images", "model_admin", "rpc", "security")
        ),
        "proto",
    ),
    "server": (
        BASE,
        ENGINE,
        SCHEDULING,
        f"{ENGINE}/checks",
        "server/models",
        "server/telemetry",
        SERVICE,
    ),
    "client/include": (),
    "client/nemf": ("client/include", "proto"),
    "client/render": ("client/include",),
    "client/eval": ("client/include",),
    "client/load": ("client/include", "client/render"),
    "client/cli": ("client/include", "client/render", "client/eval", "client/load"),
}

# Where a third party's headers may be included: (prefix of the include, patterns of the files).
# Files in tests/ may include everything.
LIBRARIES = (
    ("torch/", r"server/engine/.*torch.*"),
    ("ATen/", r"server/engine/.*torch.*"),
    ("c10/", r"server/engine/.*torch.*"),
    ("cuda", r"server/engine/cuda/.*"),
    ("grpc", r"server/service/(?!images/).*|server/main\.cc|client/nemf/.*"),
    ("google/protobuf/", r"server/service/(?!images/).*|client/nemf/.*"),
    ("opencv2/", r"server/service/.*|client/(render|eval|load|cli)/.*"),
    ("prometheus/", r"server/telemetry/.*"),
    ("httplib", r"server/telemetry/.*"),
    ("CLI/", r"server/[^/]*|client/cli/.*"),
    ("absl/", r"server/.*"),
)


@dataclass
class Violation:
    file: str
    include: str
    reason: str

    def __str__(self) -> str:
        return f'{self.file}: #include "{self.include}": {self.reason}'


def room_of(path: str) -> str | None:
    """The room that a file of the repository lies in: the longest match; None outside of all."""
    rooms = [room for room in ROOMS if path.startswith(room + "/")]
    return max(rooms, key=len, default=None)


def room_of_include(include: str) -> str | None:
    """The room that an include leads to; None for other people's headers."""
    if include.startswith("nemf/v1/"):
        return "proto"
    if include.startswith("nemf/"):
        return "client/include"
    if include.startswith("tests/"):
        return "tests"
    return room_of(include)


def broken_rule(file: str, include: str) -> str | None:
    """Why `file` must not include `include`; None when it may."""
    source, target = room_of(file), room_of_include(include)
    if target and source is None:
        return "this file's folder is not in the table of rooms"
    if target and target != source and target not in ROOMS[source]:
        return f"{source} must not know {target}"
    for prefix, files in LIBRARIES:
        if include.startswith(prefix) and not re.fullmatch(files, file):
            return f"{prefix} belongs to {files}"
    return None


def check_file(root: Path, path: Path) -> list[Violation]:
    file = path.relative_to(root).as_posix()
    found = INCLUDE.findall(path.read_text(encoding="utf-8"))
    reasons = ((include, broken_rule(file, include)) for include in found)
    return [Violation(file, include, reason) for include, reason in reasons if reason]


def check(root: Path) -> list[Violation]:
    """All violations in the C++ files of server/ and client/ under `root`."""
    violations = []
    for folder in ("server", "client"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SUFFIXES:
                violations += check_file(root, path)
    return violations


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    violations = check(root)
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
