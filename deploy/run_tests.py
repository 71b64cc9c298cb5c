"""Runs every test, C++ by ctest and Python by pytest, and ends with one line that sums them up.

Usage: run_tests.py BUILD_DIR [--asan BUILD_DIR] [--tsan BUILD_DIR] [--jobs N]
With --asan and --tsan, the tests of those builds' targets asan_tests and tsan_tests run too.
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
# The labels of the tests that the targets asan_tests and tsan_tests build.
SANITIZED = {
    "asan": "^(base|scheduling|models|service|telemetry|client)$",
    "tsan": "^(base|scheduling|models|tsan)$",
}
# The benchmarks have a command of their own: make bench-smoke.
NOT_TESTS = ("tests/bench", "tests/bench_serving")


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
    """Returns a command's prefix that leaves the sanitizers' fixed address ranges free, which some
    kernels randomise into; empty if a container forbids it."""
    prefix = ["setarch", platform.machine(), "--addr-no-randomize"]
    try:
        allowed = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return []
    return prefix if allowed.returncode == 0 else []


def run_sanitized(name: str, build: Path, reports: Path, jobs: int) -> Tally:
    """Runs the tests of a build with a sanitizer, `name` being "asan" or "tsan"."""
    report = reports / f"{name}.xml"
    command = ctest(build.resolve(), report, jobs) + ["--label-regex", SANITIZED[name]]
    return run([*without_random_addresses(), *command], report)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path)
    parser.add_argument("--asan", type=Path)
    parser.add_argument("--tsan", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    reports = build / "test-reports"
    reports.mkdir(parents=True, exist_ok=True)
    os.environ["NEMF_BIN_DIR"] = str(build / "bin")

    report = reports / "ctest.xml"
    tallies = {"C++": run(ctest(build, report, arguments.jobs), report)}
    if arguments.asan:
        tallies["C++ with AddressSanitizer"] = run_sanitized(
            "asan", arguments.asan, reports, arguments.jobs
        )
    if arguments.tsan:
        tallies["C++ with ThreadSanitizer"] = run_sanitized(
            "tsan", arguments.tsan, reports, arguments.jobs
        )
    report = reports / "pytest.xml"
    pytest = [sys.executable, "-m", "pytest", "tests", f"--junitxml={report}"]
    pytest += [f"--ignore={folder}" for folder in NOT_TESTS]
    tallies["Python"] = run(pytest, report, allowed=(0, PYTEST_NO_TESTS))
    for name, tally in tallies.items():
        print(f"{name}: {tally}")
    print(f"Reports: {os.path.relpath(reports)}")
    total = sum(tallies.values(), Tally())
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
