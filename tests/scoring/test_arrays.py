"""Scores of any kind become arrays of the kind asked for."""

import numpy as np
import pytest
import torch

from vlmrl.scoring.arrays import as_numpy


@pytest.mark.parametrize("scores", [[1, 2], np.array([1, 2]), torch.tensor([1.0, 2.0], requires_grad=True)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lists_arrays_and_tensors(scores, dtype):
    found = as_numpy(scores, dtype)
    assert found.dtype == dtype
    assert found.tolist() == [1, 2]
