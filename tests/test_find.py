"""A name is the place of a file, or an entry point of another package; there is no list to keep."""

from pathlib import Path
from types import ModuleType

import pytest

from vlmrl import find
from vlmrl.config.compose import configure
from vlmrl.errors import ConfigError, UnknownName
from vlmrl.rewards.base import RewardModel

REWARD = """
from vlmrl.rewards.base import RewardModel


class Mine(RewardModel):
    def __init__(self, encoder, strength: float = 1.0) -> None: ...

    fingerprint = "mine"

    def check(self, words) -> None: ...


class _Hidden(RewardModel): ...
"""

POINTS = """
[vlmrl.reward]
mine = other_package.mine
broken = other_package.broken
nothing = other_package.nothing
thing = other_package.mine:Mine
two = other_package.two
"""


@pytest.fixture
def other_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package as installed by somebody else, with rewards of its own."""
    folder = tmp_path / "other_package"
    folder.mkdir()
    for name, text in {
        "mine": REWARD,
        "broken": "import no_such_library",
        "two": REWARD + "\nclass Too(Mine): ...\n",
    }.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    about = tmp_path / "other_package-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: other-package\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(POINTS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize("kind", [kind for kind in find.PACKAGES if kind != "language"])
def test_every_name_is_a_module_that_can_be_had(kind: str) -> None:
    assert find.names(kind)
    for name in find.names(kind):
        assert isinstance(find.find(kind, name), ModuleType)


def test_names_are_sorted_and_leave_out_what_is_no_part() -> None:
    for kind in find.PACKAGES:
        names = find.names(kind)
        assert list(names) == sorted(set(names))
        assert not [name for name in names if name.startswith("_") or name == "base"]


def test_an_unknown_name_comes_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"reward=cosin: is not known; did you mean cosine\?"):
        find.find("reward", "cosin")


@pytest.mark.parametrize("name", ["_empty", "_taught", "_taught.learned", "base", "../types", "os", "vlmrl.types", ""])
def test_nothing_outside_the_parts_can_be_named(name: str) -> None:
    with pytest.raises(UnknownName):
        find.find("reward", name)


@pytest.mark.usefixtures("other_package")
def test_another_packages_part_is_an_equal_citizen() -> None:
    assert "mine" in find.names("reward")
    found = find.find_class("reward", "mine", RewardModel)  # type: ignore[type-abstract]
    assert found.__name__ == "Mine"
    config = configure(task="a/b", reward={"name": "mine", "strength": 2.0})
    assert (config.reward.name, config.reward.keywords) == ("mine", {"strength": 2.0})


@pytest.mark.usefixtures("other_package")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "broken",
            "reward=broken: its package declares other_package.broken, which cannot be imported: No module named",
        ),
        ("nothing", "reward=nothing: its package declares other_package.nothing, which cannot be imported"),
        ("thing", r"reward=thing: other_package\.mine:Mine is a ABCMeta; the entry point must name a module"),
    ],
)
def test_a_part_that_cannot_be_had_is_named_with_its_cause(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        find.find("reward", name)


@pytest.mark.usefixtures("other_package")
def test_a_module_defines_one_part() -> None:
    with pytest.raises(
        ConfigError, match=r"reward=two: other_package\.two must define one public RewardModel; .* Mine, Too"
    ):
        find.find_class("reward", "two", RewardModel)  # type: ignore[type-abstract]
