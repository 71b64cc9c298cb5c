"""The real programs: a running nemf-server, and calls of the nemf command line against it."""

import json
import subprocess
import threading
from pathlib import Path

READY_SECONDS = 300
STOP_SECONDS = 30
LISTENING = "listening on "


class Server:
    """A nemf-server on a free port of this machine, as a context manager; its log goes to a
    file."""

    def __init__(self, binary: Path, models: Path, log: Path):
        self._command = [str(binary), "--models", str(models)]
        self._command += ["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]
        self._log = log
        self.address = ""

    def __enter__(self) -> "Server":
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                self._command, stdout=subprocess.PIPE, stderr=log, text=True
            )
        watchdog = threading.Timer(READY_SECONDS, self._process.kill)
        watchdog.start()
        ready = self._read_until_ready()
        watchdog.cancel()
        if not ready:
            self._process.wait()
            raise SystemExit(f"nemf-server did not start:\n{self._log.read_text()[-2000:]}")
        return self

    def _read_until_ready(self) -> bool:
        """Reads the ports that the server prints; False when it ends before it is ready."""
        for line in self._process.stdout:
            line = line.strip()
            if line.startswith(LISTENING):
                self.address = line.removeprefix(LISTENING)
            if line == "ready":
                return True
        return False

    def __exit__(self, *_) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def call(binary: Path, server: Server, *arguments: object) -> dict:
    """Runs `nemf ARGUMENTS --json` against the server and returns what it prints."""
    command = [str(binary), *map(str, arguments), "--server", server.address, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}")
    return json.loads(done.stdout)
