"""End-point error and PCK on cases small enough to do in the head."""

from __future__ import annotations

import math

import pytest
import torch

from nemf_model.data.keypoint_pairs import longer_side
from nemf_model.training.metrics import average_pck, endpoint_errors, mean_endpoint_error, pck

TRUTH = torch.tensor([[0.0, 0.0], [10.0, 10.0], [20.0, 0.0], [5.0, 5.0]])
MOVED_BY = torch.tensor([[3.0, 4.0], [0.0, 0.0], [0.0, 10.0], [0.0, 1.0]])


def test_endpoint_errors() -> None:
    assert endpoint_errors(TRUTH + MOVED_BY, TRUTH).tolist() == [5, 0, 10, 1]
    assert mean_endpoint_error(TRUTH + MOVED_BY, TRUTH) == 4
    valid = torch.tensor([True, True, False, False])
    assert mean_endpoint_error(TRUTH + MOVED_BY, TRUTH, valid) == 2.5
    assert math.isnan(mean_endpoint_error(TRUTH, TRUTH, torch.zeros(4, dtype=torch.bool)))


def test_pck_counts_points_on_the_threshold() -> None:
    rates = pck(TRUTH + MOVED_BY, TRUTH, length=100, alphas=(0.01, 0.05, 0.1))
    assert rates == {0.01: 0.5, 0.05: 0.75, 0.1: 1.0}


def test_pck_without_keypoints_is_refused() -> None:
    with pytest.raises(ValueError, match="without keypoints"):
        pck(torch.zeros(0, 2), torch.zeros(0, 2), 1, (0.1,))


def test_pairs_weigh_the_same() -> None:
    assert average_pck([{0.1: 1.0}, {0.1: 0.5}, {0.1: 0.0}]) == {0.1: 0.5}
    with pytest.raises(ValueError, match="no pairs"):
        average_pck([])


def test_longer_side() -> None:
    assert longer_side((10, 20, 50, 30)) == 40
