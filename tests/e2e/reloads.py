"""Hot reloads under load: new versions of a model appear and old ones go while clients ask.

Every answer must come from one version, and be that version's answer. `run_reloads` is the whole
driver; a test runs it with few reloads, a benchmark with many.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import grpc

from tests.e2e.bundles import publish, withdraw
from tests.e2e.support import Server, Stubs, wait_until

MODEL = "tiny"
CLIENTS = 3
RELOAD_SECONDS = 120

# What a request got: x, y and score of each match.
Answer = list[tuple[float, float, float]]


@dataclass
class Report:
    """What the clients saw during the reloads."""

    count: int  # reloads
    requests: int = 0
    failed: int = 0  # requests without an answer, or with another answer than their version's
    failures: list[str] = field(default_factory=list)  # a line for each of the first few
    answers: Counter[int] = field(default_factory=Counter)  # by version
    seconds: float = 0


def answer_of(response) -> Answer:
    """The matches of a TransferKeypointsResponse."""
    return [(m.reference.x, m.reference.y, m.score) for m in response.matches]


def answers_of(
    bundles: Sequence[Path], models: Path, serve: Callable[[Path], Server], stubs: Stubs, request
) -> list[Answer]:
    """What each bundle answers, served as a model of its own from the empty folder `models`."""
    for number, bundle in enumerate(bundles):
        publish(bundle, models, f"model-{number}", 1)
    server = serve(models)
    stub = stubs.services.CorrespondenceStub(server.channel)
    answers = []
    for number in range(len(bundles)):
        asked = stubs.messages.TransferKeypointsRequest()
        asked.CopyFrom(request)
        asked.model.name = f"model-{number}"
        answers.append(answer_of(stub.TransferKeypoints(asked)))
    server.close()
    return answers


class _Load:
    """Clients that ask the same question over and over until the block ends."""

    def __init__(self, server: Server, stubs: Stubs, request, expected: Sequence[Answer]) -> None:
        self._stub = stubs.services.CorrespondenceStub(server.channel)
        self._request = request
        self._expected = expected
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask_on) for _ in range(CLIENTS)]
        self.report = Report(count=0)

    def __enter__(self) -> _Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def answers(self, version: int) -> int:
        """How many answers came from this version so far."""
        with self._lock:
            return self.report.answers[version]

    def _ask_on(self) -> None:
        while not self._stop.is_set():
            self._ask()

    def _ask(self) -> None:
        version, failure = None, None
        try:
            response = self._stub.TransferKeypoints(self._request)
            version = int(response.statistics.model_version)
            if answer_of(response) != self._expected[version % len(self._expected)]:
                failure = f"an answer of version {version} is not that version's"
        except grpc.RpcError as error:
            failure = f"{error.code().name}: {error.details()}"
        with self._lock:
            self.report.requests += 1
            if version is not None:
                self.report.answers[version] += 1
            if failure is not None:
                self.report.failed += 1
                self.report.failures.append(failure)
                del self.report.failures[10:]


def run_reloads(
    server: Server,
    stubs: Stubs,
    models: Path,
    bundles: Sequence[Path],
    expected: Sequence[Answer],
    request,
    count: int,
) -> Report:
    """Replaces version 1 of MODEL by 2, 3, ... `count` times under load.

    The server polls `models`, which holds version 1. Version v is bundles[v % len(bundles)], whose
    answer to `request` is expected[v % len(bundles)]. Each version is removed once the next one
    answers. Raises AssertionError where a version does not come into service.
    """
    catalog = stubs.model_services.ModelsStub(server.channel)

    def is_current(version: int) -> bool:
        model = catalog.Get(stubs.models.GetModelRequest(name=MODEL)).model
        return model.current_version == str(version)

    start = time.monotonic()
    with _Load(server, stubs, request, expected) as load:
        wait_until(lambda: load.answers(1) > 0, RELOAD_SECONDS)
        for version in range(2, count + 2):
            publish(bundles[version % len(bundles)], models, MODEL, version)
            wait_until(lambda version=version: is_current(version), RELOAD_SECONDS)
            withdraw(models, MODEL, version - 1)
            wait_until(lambda version=version: load.answers(version) > 0, RELOAD_SECONDS)
    load.report.count = count
    load.report.seconds = time.monotonic() - start
    return load.report
