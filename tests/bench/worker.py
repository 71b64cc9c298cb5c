"""A running nemf-bench-worker: the engine, measured on request."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any


class Worker:
    """As a context manager: the process lives inside it."""

    def __init__(self, binaries: Path, threads: int) -> None:
        self._command = [str(binaries / "nemf-bench-worker"), str(threads)]

    def __enter__(self) -> Worker:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait()

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """One request; raises RuntimeError with the worker's words if it fails."""
        self._process.stdin.write(json.dumps({"command": command, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"nemf-bench-worker ended with {self._process.wait()} in {command}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer['error']}")
        return answer
