"""SIGTERM and restart, over and over, under load."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import grpc

from tests.bench_serving.context import Context
from tests.e2e.support import Server, encode, photograph, wait_until

CLIENTS = 4
ANSWER_SECONDS = 120  # in which a request must have its answer, with all its tries
RETRY_SECONDS = 0.02  # before the next try, where the server does not say
# Answers that each server gives before it gets its signal: it is under load by then.
ANSWERS_BEFORE = 8
RECONNECT_MS = 50


class Clients:
    """Threads that ask until the block ends, and try again where the server is UNAVAILABLE."""

    def __init__(self, context: Context, address: str) -> None:
        self._m = context.stubs.messages
        quick = [(f"grpc.{kind}_reconnect_backoff_ms", RECONNECT_MS) for kind in ("initial", "max")]
        self._channel = grpc.insecure_channel(
            address, options=[*quick, ("grpc.min_reconnect_backoff_ms", RECONNECT_MS)]
        )
        self._stub = context.stubs.services.CorrespondenceStub(self._channel)
        pictures = (photograph(61, 47, seed=1), photograph(53, 71, seed=2))
        self._query, self._reference = (encode(picture, "JPEG") for picture in pictures)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._ask_on, args=(random.Random(context.seed + number),))
            for number in range(CLIENTS)
        ]
        self.answers = 0
        self.retries = 0
        self.lost: Counter[str] = Counter()  # requests without an answer, by what they got

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._channel.close()

    def _ask_on(self, generator: random.Random) -> None:
        while not self._stop.is_set():
            lost = self._ask(generator)
            with self._lock:
                if lost is None:
                    self.answers += 1
                else:
                    self.lost[lost] += 1

    def _ask(self, generator: random.Random) -> str | None:
        """Asks until there is an answer; else says what there was instead."""
        m = self._m
        request = m.TransferKeypointsRequest(
            query=m.Image(encoded=self._query),
            reference=m.Image(encoded=self._reference),
            keypoints=[m.Point(x=60 * generator.random(), y=46 * generator.random())],
            options=m.MatchOptions(seed=generator.getrandbits(32)),
        )
        end = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < end:
            try:
                answer = self._stub.TransferKeypoints(request, timeout=ANSWER_SECONDS)
                return None if len(answer.matches) == 1 else "an answer without its match"
            except grpc.RpcError as error:
                pause = _retry_seconds(error)
                if error.code() != grpc.StatusCode.UNAVAILABLE or pause < 0:
                    return f"{error.code().name}: {error.details()}"
            with self._lock:
                self.retries += 1
            time.sleep(pause)
        return "UNAVAILABLE to the end"


def run(context: Context) -> dict[str, Any]:
    """Each cycle ends a server under load by SIGTERM, waits for its end and starts the next one on
    the same port."""
    cycles = context.effort.sigterm_cycles
    models = context.tiny_models("sigterm-models")
    unclean, dropped = 0, Counter()
    server = _start(context, models, 0, "127.0.0.1:0")
    start = time.monotonic()
    try:
        with Clients(context, server.address) as clients:
            for cycle in range(1, cycles + 1):
                goal = clients.answers + ANSWERS_BEFORE
                wait_until(lambda goal=goal: clients.answers >= goal)
                server.process.send_signal(signal.SIGTERM)
                unclean += server.wait() != 0
                server.close()
                dropped.update(_dropped(server.log))
                server = _start(context, models, cycle, server.address)
            goal = clients.answers + ANSWERS_BEFORE
            wait_until(lambda: clients.answers >= goal)
    finally:
        server.close()
    return {
        "sigterm_cycles": {
            "count": cycles,
            "lost": sum(clients.lost.values()) + unclean + sum(dropped.values()),
        },
        "sigterm": {
            "answers": clients.answers,
            "retries": clients.retries,
            "lost_by_clients": dict(clients.lost),
            "dropped_by_servers": dict(dropped),
            "unclean_ends": unclean,
            "seconds": time.monotonic() - start,
        },
    }


def _retry_seconds(error: grpc.RpcError) -> float:
    """When the server wants the client back; negative: never."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-retry-pushback-ms":
            return int(value) / 1000
    return RETRY_SECONDS


def _start(context: Context, models: Path, cycle: int, listen: str) -> Server:
    return context.start(f"sigterm-{cycle}", models, listen=listen, log_level="info")


def _dropped(log: Path) -> Counter[str]:
    """Requests that the server had accepted and then gave up, by code: a retry would hide them."""
    lines = (json.loads(line) for line in log.read_text().splitlines())
    calls = (line for line in lines if line["message"] == "request")
    return Counter(call["code"] for call in calls if call["code"] not in ("OK", "UNAVAILABLE"))
