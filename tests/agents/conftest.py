"""What the tests of whole runs share."""

import importlib

import pytest
import torch

from tests.agents.plugin import install


@pytest.fixture(scope="session")
def dots_path(tmp_path_factory):
    """Where the plugin package lies."""
    return install(tmp_path_factory.mktemp("site"))


@pytest.fixture
def dots(dots_path, monkeypatch):
    """The plugin package, importable and found by its entry points."""
    monkeypatch.syspath_prepend(dots_path)
    importlib.invalidate_caches()
    importlib.import_module("dots")  # registers its environment
    return dots_path


@pytest.fixture
def dot(dots):
    """Its environment's class."""
    return importlib.import_module("dots").Dot


@pytest.fixture
def lines():
    """What a run said."""
    return []


@pytest.fixture(autouse=True)
def one_thread():
    """Tests share few cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
