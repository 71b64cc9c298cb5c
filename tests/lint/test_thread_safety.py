"""The check of lock annotations notices an access without its lock."""

import json
import shutil
from pathlib import Path

import pytest

from tests.lint.check_thread_safety import check, units

GUARDED = """
#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

class Counter {
 public:
  void Add() {
    LOCK
    ++count_;
  }

 private:
  absl::Mutex mutex_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

void Use() { Counter().Add(); }
"""


@pytest.mark.skipif(shutil.which("clang++") is None, reason="needs clang, of the level dev")
@pytest.mark.parametrize(
    ("lock", "message"),
    [("absl::MutexLock lock(&mutex_);", ""), ("", "requires holding mutex 'mutex_'")],
)
def test_an_unlocked_access_is_found(tmp_path: Path, lock: str, message: str) -> None:
    source = tmp_path / "server" / "models" / "counter.cc"
    source.parent.mkdir(parents=True)
    source.write_text(GUARDED.replace("LOCK", lock))
    command = f"g++ -O2 -std=c++20 -I{tmp_path} -o counter.o -c {source}"
    entry = {"directory": str(tmp_path), "file": str(source), "command": command}
    (tmp_path / "compile_commands.json").write_text(json.dumps([entry]))
    [unit] = units(tmp_path, tmp_path)
    found = check(unit)
    assert message in found
    assert bool(found) == bool(message)
