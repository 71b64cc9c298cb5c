"""The real server binary as a child process, and small pictures to ask it about."""

from __future__ import annotations

import importlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import grpc
import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 600
STOP_SECONDS = 120


class Stubs(NamedTuple):
    """The modules generated from the protos."""

    messages: ModuleType  # of correspondence.proto
    services: ModuleType
    models: ModuleType  # of models.proto
    model_services: ModuleType


def generate_stubs(out: Path) -> Stubs:
    """Generates the package nemf_grpc into the folder `out`, and imports it."""
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-Inemf_grpc={ROOT / 'proto/nemf/v1'}"]
    command += [f"--python_out={out}", f"--grpc_python_out={out}"]
    names = ("correspondence", "models")
    subprocess.run([*command, *(f"nemf_grpc/{name}.proto" for name in names)], check=True)
    sys.path.insert(0, str(out))
    try:
        return Stubs(
            messages=importlib.import_module("nemf_grpc.correspondence_pb2"),
            services=importlib.import_module("nemf_grpc.correspondence_pb2_grpc"),
            models=importlib.import_module("nemf_grpc.models_pb2"),
            model_services=importlib.import_module("nemf_grpc.models_pb2_grpc"),
        )
    finally:
        sys.path.remove(str(out))


class Server:
    """A running nemf-server on free ports of this machine. Its log goes to the file `log`. Without
    `models` it serves those of its installation. `popen` are further arguments of subprocess.Popen;
    `stderr` among them is a file descriptor that the log goes to instead."""

    def __init__(
        self,
        binary: Path,
        models: Path | None,
        log: Path,
        flags: Sequence[str] = (),
        listen: str = "127.0.0.1:0",
        **popen: object,
    ) -> None:
        self.log = log
        command = [str(binary), "--device", "cpu", "--listen", listen]
        command += ["--metrics", "127.0.0.1:0"]
        command += [] if models is None else ["--models", str(models)]
        command += flags
        with log.open("w") as file:
            self.process = subprocess.Popen(
                command, **{"stdout": subprocess.PIPE, "stderr": file, "text": True, **popen}
            )
        self.lines = self._read_until_ready()
        self.address = self._value("listening on ")
        self.metrics_address = self._value("metrics on ")
        self.channel = grpc.insecure_channel(self.address)

    def _read_until_ready(self) -> list[str]:
        watchdog = threading.Timer(START_SECONDS, self.process.kill)
        watchdog.start()
        lines = []
        for line in self.process.stdout:
            lines.append(line.rstrip("\n"))
            if lines[-1] == "ready":
                watchdog.cancel()
                return lines
        self.process.wait()
        watchdog.cancel()
        raise RuntimeError(f"nemf-server did not start: {self.log.read_text()[-2000:]}")

    def _value(self, prefix: str) -> str:
        return next(line.removeprefix(prefix) for line in self.lines if line.startswith(prefix))

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page of the metrics port."""
        try:
            with urllib.request.urlopen(f"http://{self.metrics_address}{path}") as page:
                return page.status, page.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name: str, /, **labels: str) -> float:
        """The value of one metric; 0 where it has none yet."""
        for line in self.get("/metrics")[1].splitlines():
            series, _, value = line.rpartition(" ")
            if series.split("{")[0] != name:
                continue
            if all(f'{key}="{value}"' in series for key, value in labels.items()):
                return float(value)
        return 0.0

    def active_flows(self) -> float:
        """Flows that are being matched."""
        return self.metric("nemf_jobs_active", kind="flow")

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """The exit code of the process, which must be about to end."""
        return self.process.wait(STOP_SECONDS)

    def close(self) -> None:
        self.channel.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


@contextmanager
def full_pipe() -> Iterator[int]:
    """The write end of a full pipe that nobody reads."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(4096))
    os.set_blocking(writer, True)
    try:
        yield writer
    finally:
        os.close(reader)
        os.close(writer)


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Polls until the condition holds; AssertionError where it does not in that time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        time.sleep(0.01)


def photograph(width: int, height: int, seed: int) -> Image.Image:
    """Smooth random colours: every size and seed gives its own picture."""
    generator = np.random.default_rng(seed)
    small = generator.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def encode(image: Image.Image, file_format: str = "PNG") -> bytes:
    """The picture as a file's bytes."""
    buffer = io.BytesIO()
    image.save(buffer, file_format)
    return buffer.getvalue()
