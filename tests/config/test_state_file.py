"""Tensors and what is told of them come back as they were; what is damaged or no such file is nothing."""

import numpy as np
import pytest
import safetensors.numpy

from vlmrl.config import state_file

TOLD = {"about": "this", "step": 3, "found": {"best": None}}


@pytest.fixture
def path(tmp_path):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "nothing": np.float32(2.5)}
    tensors = {name: np.asarray(one) for name, one in arrays.items()}
    (tmp_path / "state").write_bytes(safetensors.numpy.save(tensors, state_file.header(TOLD)))
    return tmp_path / "state"


@pytest.mark.parametrize("framework", ["np", "pt"])
def test_all_of_it_comes_back(path, framework):
    found = state_file.read(path, framework)
    assert found is not None
    tensors, told = found
    assert told == TOLD
    assert np.asarray(tensors["a"]).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert tensors["nothing"].shape == ()


def test_nothing_comes_of_what_is_no_such_file(path, tmp_path):
    assert state_file.read(tmp_path / "none", "np") is None
    whole = path.read_bytes()
    for damaged in (whole[:50], whole[:-4], b"", safetensors.numpy.save({"a": np.zeros(2)})):
        path.write_bytes(damaged)
        assert state_file.read(path, "np") is None
