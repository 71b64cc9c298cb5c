"""Runs every test, C++ by ctest and Python by pytest, and ends with one line that sums them up.

Usage: run_tests.py BUILD_DIR [--tsan BUILD_DIR] [--jobs N]
With --tsan, the tests of that build's target tsan_tests (a build with ThreadSanitizer) run too.
The reports (JUnit XML and ctest's output) go to BUILD_DIR/test-reports.
The last line is "N passed, N failed, N skipped"; the exit status is 0 only when nothing failed.
"""

import argparse
import os
import platform
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTEST_NO_TESTS = 5
# The rooms whose tests the target tsan_tests builds.
TSAN_LABELS = "^(base|scheduling|models|tsan)$"


@dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def read_report(path: Path) -> Tally:
    """Counts the cases of a JUnit report; a missing report counts nothing."""
    tally = Tally()
    if not path.exists():
        return tally
    for case in ElementTree.parse(path).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            tally.failed += 1
        elif case.find("skipped") is not None or case.get("status") == "disabled":
            tally.skipped += 1
        else:
            tally.passed += 1
    return tally


def run(command: list[str], report: Path, allowed: tuple[int, ...] = (0,)) -> Tally:
    """Runs a test runner and reads its report. A runner that fails without a failed case (a crash,
    a test program that does not start) counts as one failure."""
    report.unlink(missing_ok=True)
    print("+", " ".join(command), flush=True)
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    tally = read_report(report)
    if status not in allowed and tally.failed == 0:
        print(f"{command[0]} ended with status {status}")
        tally.failed += 1
    return tally


def ctest(build: Path, report: Path, jobs: int) -> list[str]:
    """The command that runs a build's tests and writes the report, and a log beside it."""
    command = ["ctest", "--test-dir", str(build), "--output-on-failure", "--no-tests=error"]
    command += ["--parallel", str(jobs), "--output-log", str(report.with_suffix(".log"))]
    return command + ["--output-junit", str(report)]


def without_random_addresses() -> list[str]:
    """Returns a prefix for commands that keeps ThreadSanitizer's fixed address ranges free, which
    wide address randomisation does not; empty if a container forbids it."""
    prefix = ["setarch", platform.machine(), "--addr-no-randomize"]
    try:
        allowed = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return []
    return prefix if allowed.returncode == 0 else []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path)
    parser.add_argument("--tsan", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    reports = build / "test-reports"
    reports.mkdir(parents=True, exist_ok=True)
    os.environ["NEMF_BIN_DIR"] = str(build / "bin")

    pytest = [sys.executable, "-m", "pytest", "tests", f"--junitxml={reports / 'pytest.xml'}"]

    report = reports / "ctest.xml"
    in_cpp = run(ctest(build, report, arguments.jobs), report)
    with_tsan = Tally()
    if arguments.tsan is not None and arguments.tsan.resolve() != build:
        report = reports / "tsan.xml"
        command = ctest(arguments.tsan.resolve(), report, arguments.jobs)
        command += ["--label-regex", TSAN_LABELS]
        with_tsan = run([*without_random_addresses(), *command], report)
    in_python = run(pytest, reports / "pytest.xml", allowed=(0, PYTEST_NO_TESTS))
    print(f"C++ (ctest): {in_cpp}")
    if arguments.tsan is not None:
        print(f"C++ with ThreadSanitizer (ctest): {with_tsan}")
    print(f"Python (pytest): {in_python}")
    print(f"Reports: {os.path.relpath(reports)}")
    total = in_cpp + with_tsan + in_python
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
