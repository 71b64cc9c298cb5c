"""The layers hold, and the script that says so notices when they do not."""

from pathlib import Path

import pytest

from tests.lint.check_layers import check

ROOT = Path(__file__).resolve().parents[2]


def test_no_file_includes_what_its_room_may_not_know():
    assert [str(violation) for violation in check(ROOT)] == []


@pytest.mark.parametrize(
    ("file", "include"),
    [
        ("server/engine/engine.cc", "server/scheduling/job.h"),
        ("server/engine/math/adam.h", "server/engine/engine.h"),
        ("server/engine/bundle/bundle_reader.cc", "torch/script.h"),
        ("server/engine/bundle/bundle_reader.cc", "nemf/v1/correspondence.pb.h"),
        ("server/engine/bundle/bundle_reader.cc", "opencv2/core.hpp"),
        ("server/scheduling/loop/scheduler_loop.cc", "server/service/service.h"),
        ("server/scheduling/loop/scheduler_loop.cc", "grpcpp/grpcpp.h"),
        ("server/service/service.cc", "tests/testing/fake_engine.h"),
        ("client/nemf/client.cc", "server/engine/image.h"),
        ("client/elsewhere/file.cc", "nemf/client.h"),
        ("client/load/load_run.cc", "client/cli/progress.h"),
        ("client/include/nemf/client.h", "grpcpp/grpcpp.h"),
        ("client/include/nemf/client.h", "nemf/v1/correspondence.pb.h"),
    ],
)
def test_forbidden_include_is_found(tmp_path, file, include):
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(f'#include <vector>\n#include "{include}"\n')
    violations = check(tmp_path)
    assert [violation.include for violation in violations] == [include]


@pytest.mark.parametrize(
    ("file", "include"),
    [
        ("server/engine/encoder/encoder_torch.cc", "torch/script.h"),
        ("server/scheduling/loop/scheduler_loop.cc", "server/engine/engine.h"),
        ("server/service/service.cc", "grpcpp/grpcpp.h"),
        ("server/main.cc", "server/service/service.h"),
        ("client/cli/transfer.cc", "nemf/client.h"),
        ("client/nemf/client.cc", "nemf/v1/correspondence.pb.h"),
    ],
)
def test_allowed_include_is_not(tmp_path, file, include):
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(f'#include "{include}"\n')
    assert check(tmp_path) == []
