"""What every experiment works with: programs, models, pictures, and how long to take."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.e2e.bundles import export_bundles, newest, publish
from tests.e2e.support import ROOT, Server, Stubs, generate_stubs

SHIPPED = ROOT / "model" / "bundles" / "nemf-small"
PICTURES = 24
PICTURE_SIZE = (640, 480)
KEYPOINTS = 10
NO_CACHE = ("--pair-cache-bytes", "0")
PROGRAM_SECONDS = 600
# GNU OpenMP spins this often before a thread sleeps where there are more threads than cores, as
# there are in the server. A program with as many threads as cores would spin for milliseconds, and
# where anything else runs on the machine each parallel loop would wait for that.
SHORT_SPINS = {"GOMP_SPINCOUNT": "1000"}


@dataclass(frozen=True)
class Effort:
    """How long the experiments take: seconds, and numbers of repetitions."""

    rounds: int  # of server and engine in turn
    round_seconds: float
    saturation_seconds: float
    load_seconds: float
    load_factors: tuple[float, ...]  # loads, as multiples of the saturating one; ends with 2
    idle_seconds: float
    dense_seconds: float
    overhead_seconds: float
    metrics_rounds: int  # of a server that measures and one that does not
    metrics_seconds: float
    cancel_trials: int
    sigterm_cycles: int
    hot_reloads: int
    cached_pairs: int


FULL = Effort(
    rounds=4,
    round_seconds=8,
    saturation_seconds=12,
    load_seconds=20,
    load_factors=(0.5, 1, 2),
    idle_seconds=25,
    dense_seconds=30,
    overhead_seconds=15,
    metrics_rounds=12,
    metrics_seconds=4,
    cancel_trials=300,
    sigterm_cycles=100,
    hot_reloads=50,
    cached_pairs=10,
)
QUICK = Effort(
    rounds=1,
    round_seconds=1,
    saturation_seconds=1,
    load_seconds=1.5,
    load_factors=(2,),
    idle_seconds=1,
    dense_seconds=1,
    overhead_seconds=1,
    metrics_rounds=1,
    metrics_seconds=1,
    cancel_trials=10,
    sigterm_cycles=2,
    hot_reloads=2,
    cached_pairs=2,
)


@dataclass(frozen=True)
class Context:
    bin: Path  # the built programs
    work: Path  # an empty folder for logs, models and pictures
    out: Path  # where plots go
    stubs: Stubs
    effort: Effort
    seed: int
    tiny: list[Path]  # bundles of random weights, each with other answers
    models: Path  # a folder of models with the one whose speed matters
    model: Path  # its bundle
    pictures: Path  # a folder of JPEG files

    @contextmanager
    def serve(self, name: str, models: Path, *flags: str, **options: Any) -> Iterator[Server]:
        """A server of an experiment's own; it has ended when the block has. Takes what start()
        takes."""
        server = self.start(name, models, *flags, **options)
        try:
            yield server
        finally:
            server.terminate()
            try:
                server.wait()
            finally:
                server.close()

    def start(
        self,
        name: str,
        models: Path,
        *flags: str,
        listen: str = "127.0.0.1:0",
        log_level: str = "warning",
        **popen: object,
    ) -> Server:
        log = self.work / f"{name}.log"
        flags = ("--log-level", log_level, *flags)
        return Server(self.bin / "nemf-server", models, log, flags, listen, **popen)

    def tiny_models(self, name: str) -> Path:
        """A new folder of models with tiny/1."""
        models = self.work / name
        publish(self.tiny[1], models, "tiny", 1)
        return models

    def bench(self, server: Server, *flags: str, csv: Path | None = None) -> dict[str, Any]:
        """The report of `nemf bench` against the server."""
        command = [str(self.bin / "nemf"), "bench", "--server", server.address, "--json"]
        command += ["--pairs", str(self.pictures), "--seed", str(self.seed)]
        command += ["--keypoints", str(KEYPOINTS), *flags]
        command += ["--csv", str(csv)] if csv else []
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PROGRAM_SECONDS, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return json.loads(done.stdout)


def make_context(bin_dir: Path, work: Path, out: Path, quick: bool, seed: int) -> Context:
    tiny = export_bundles(work / "bundles", seeds=(seed, seed + 1, seed + 2))
    if quick:
        models, model = work / "models", work / "models" / "tiny" / "1"
        publish(tiny[0], models, "tiny", 1)
    else:
        models, model = SHIPPED.parent, newest(SHIPPED)
    return Context(
        bin=bin_dir,
        work=work,
        out=out,
        stubs=generate_stubs(make_folder(work / "stubs")),
        effort=QUICK if quick else FULL,
        seed=seed,
        tiny=tiny,
        models=models,
        model=model,
        pictures=make_pictures(make_folder(work / "pictures"), seed),
    )


def make_folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


def make_pictures(folder: Path, seed: int) -> Path:
    """Writes JPEG files of smooth colours and some texture, as large as photographs are."""
    random = np.random.default_rng(seed)
    width, height = PICTURE_SIZE
    for number in range(PICTURES):
        layers = []
        for cell, share in ((80, 0.7), (12, 0.2), (2, 0.1)):
            shape = (height // cell + 1, width // cell + 1, 3)
            colours = Image.fromarray(random.integers(0, 256, shape, dtype=np.uint8))
            layers.append(share * np.asarray(colours.resize(PICTURE_SIZE, Image.BICUBIC), float))
        picture = Image.fromarray(np.clip(sum(layers), 0, 255).astype(np.uint8))
        picture.save(folder / f"{number:02}.jpg", quality=90)
    return folder


class EngineProgram:
    """bench_serving_engine as a child process: the engine called in process."""

    def __init__(self, context: Context, bundle: Path, preset: str = "balanced") -> None:
        command = [str(context.bin / "bench_serving_engine"), str(bundle), str(context.pictures)]
        command += [preset, str(KEYPOINTS), str(context.seed)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | SHORT_SPINS,
        )
        if self._process.stdout.readline() != "ready\n":
            raise RuntimeError("bench_serving_engine did not start")

    def __enter__(self) -> EngineProgram:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait(PROGRAM_SECONDS)
        self._process.stdout.close()

    def order(self, *words: object) -> dict[str, Any]:
        """Gives an order and waits for its report."""
        print(*words, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"bench_serving_engine ended at the order {words}")
        return json.loads(line)


def closed_loop(seconds: float, concurrency: int, warm_up: float) -> Sequence[str]:
    """The flags of `nemf bench` for a closed loop."""
    return (
        "--concurrency",
        str(concurrency),
        "--duration",
        str(seconds),
        "--warm-up",
        str(warm_up),
    )
