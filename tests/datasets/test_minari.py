"""Through Minari's format and back: nothing is lost, and what is broken has a number."""

import json
from dataclasses import replace

import numpy as np
import pytest

from vlmrl.datasets import minari
from vlmrl.datasets.minari import Dataset
from vlmrl.datasets.sheet import Sheet
from vlmrl.errors import ConfigError, RunError


def test_what_is_read_is_what_was_written_bit_for_bit(folder, episodes, sheet):
    for place in (folder, folder / "data"):
        with Dataset(place) as dataset:
            assert dataset.sheet == sheet
            assert len(dataset) == len(episodes)
            for index, episode in dataset.episodes():
                assert episode.facts() == episodes[index].facts()
                wrote, read = episodes[index].arrays(), episode.arrays()
                assert set(read) == set(wrote)
                for name, array in read.items():
                    assert array.dtype == wrote[name].dtype, name
                    assert array.tobytes() == wrote[name].tobytes(), name
                assert episode.digest == episodes[index].digest


def test_minari_itself_reads_it(folder, task, episodes):
    from minari import MinariDataset

    dataset = MinariDataset(str(folder / "data"))
    assert dataset.id == f"vlmrl/{task.name}-v{task.version}"
    assert (dataset.total_episodes, dataset.total_steps) == (6, 6 * 15)
    assert dataset.env_spec.id == task.env_id
    for episode, wrote in zip(dataset, episodes, strict=True):
        assert np.array_equal(episode.actions, wrote.actions)
        assert np.array_equal(episode.observations, wrote.observations)
        assert np.array_equal(episode.rewards, wrote.oracle[1:])
        assert np.array_equal(episode.infos["states"]["qpos"], wrote.states["qpos"])
        assert list(episode.truncations) == [False] * 14 + [True]
        assert not episode.terminations.any()
    told = next(iter(dataset.storage.get_episode_metadata([2])))
    assert (told["actor"], told["seed"], told["total_steps"]) == ("perturbed", episodes[2].seed, 15)
    assert told["instruction"] == task.goal[0]


def test_observations_of_several_parts_are_kept_by_name(episodes, tmp_path):
    from gymnasium.spaces import Box, Dict

    import vlmrl.datasets.minari as module

    colours = np.linspace(0, 1, 16 * 4, dtype=np.float32).reshape(16, 1, 4)
    seen = {"state": episodes[0].observations, "goal": np.arange(48, dtype=np.float64).reshape(16, 3)}
    episode = replace(episodes[0], observations=seen, model_states={"geom_rgba": colours})
    storage, _ = module._minari()
    space = Dict({"state": Box(-9, 9, (6,), np.float32), "goal": Box(0, 99, (3,), np.float64)})
    made = storage.new(tmp_path, space, Box(-1, 1, (2,), np.float32), jpeg_encoding=False)
    made.update_episodes([module._buffer(episode)])
    made.update_episode_metadata([episode.facts()])
    module._lay_out(tmp_path / module.FILE)
    with module._h5py().File(tmp_path / module.FILE) as file:
        assert module._episode(file["episode_0"]).digest == episode.digest


@pytest.mark.parametrize("share", [0.35, 0.6, 0.85, 0.97])
def test_a_file_that_was_cut_off_names_the_episode_and_gives_those_before(broken, episodes, share):
    copy, file = broken
    raw = file.read_bytes()
    file.write_bytes(raw[: int(len(raw) * share)])
    with Dataset(copy) as dataset:
        said: list[str] = []
        whole = dict(dataset.episodes(skip_broken=True, say=said.append))
        assert 0 < len(whole) < 6
        assert list(whole) == list(range(len(whole))), "those before the cut"
        assert all(episode.digest == episodes[index].digest for index, episode in whole.items())
        assert len(said) == 6 - len(whole)
        first = len(whole)
        with pytest.raises(RunError, match=rf"episode {first} of 6 in data/main_data.hdf5 is broken.*cut off after"):
            list(dataset.episodes())
        rescued = dataset._rescued
        assert rescued.exists()
    assert not rescued.exists()


def test_of_more_than_ten_episodes_those_before_the_cut_are_left_too(task, episodes, sheet, tmp_path):
    minari.write(tmp_path, task, [*episodes, *episodes], sheet)
    file = tmp_path / "data" / "main_data.hdf5"
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 6 // 10])
    with Dataset(tmp_path) as dataset:
        whole = [index for index, _ in dataset.episodes(skip_broken=True)]
    assert whole == list(range(len(whole)))
    assert 5 <= len(whole) <= 7


def test_a_changed_number_is_found(broken, episodes):
    import h5py

    copy, path = broken
    with h5py.File(path, "r+") as file:
        file["episode_3/infos/states/qpos"][7, 1] += 1e-12
    with Dataset(copy) as dataset:
        assert [index for index, _ in dataset.episodes(skip_broken=True)] == [0, 1, 2, 4, 5]
        with pytest.raises(RunError, match=r"episode 3 of 6.*not what was written.*skip_broken=true"):
            dataset.episode(3)


def test_an_episode_that_is_missing_is_named(broken):
    import h5py

    copy, path = broken
    with h5py.File(path, "r+") as file:
        del file["episode_1"]
    with Dataset(copy) as dataset, pytest.raises(RunError, match="episode 1 of 6"):
        dataset.episode(1)


def test_what_is_no_dataset_is_a_clear_error(broken, tmp_path):
    copy, path = broken
    with pytest.raises(RunError, match=r"is no dataset.*vlmrl collect"):
        Dataset(tmp_path / "gone")
    path.write_bytes(b"")
    with pytest.raises(RunError, match=r"main_data.hdf5 cannot be read.*cut off after 0"):
        Dataset(copy)
    path.unlink()
    with pytest.raises(RunError, match=r"main_data.hdf5 cannot be read"):
        Dataset(copy)
    metadata = copy / "data" / "metadata.json"
    metadata.write_text(metadata.read_text()[:200])
    with pytest.raises(RunError, match=r"metadata.json cannot be read"):
        Dataset(copy)


def test_another_version_of_simulator_or_task_is_refused_with_the_line_that_mends_it(task, sheet):
    sheet.check(task)
    older = replace(sheet, packages={**sheet.packages, "mujoco": "3.1.0"})
    with pytest.raises(ConfigError, match=r"mujoco 3\.1\.0.*this is mujoco 3.*pip install mujoco==3\.1\.0"):
        older.check(task)
    with pytest.warns(UserWarning, match=r"mujoco 3\.1\.0"):
        older.check(task, other_version=True)
    with pytest.raises(ConfigError, match="is of version 0 of reacher/touch, which is version 1 now"):
        sheet.check(task.but(version=1))
    with pytest.raises(ConfigError, match="robot is another one"):
        replace(sheet, signature="1").check(task, other_version=True)


def test_the_datasheet_survives_json_and_tells_who_acted(sheet):
    assert Sheet.read(json.loads(json.dumps(sheet.to_json()))) == sheet
    page = sheet.page(minari.READING)
    for told in ("# reacher/touch", "| perturbed | 2 |", "way back", "mujoco", "vlmrl collect …", "MIT"):
        assert told in page
    about = sheet.actors["perturbed"]["about"]
    assert about.count("the task's own script") == 1, "said once, however many episodes there are"
    assert sheet.actors["perturbed"]["pushed"] == 2
    with pytest.raises(RunError, match="datasheet cannot be read"):
        Sheet.read({"task": "a/b"})


def test_a_dataset_of_nothing_is_refused(task, sheet, tmp_path):
    with pytest.raises(ConfigError, match="there are none"):
        minari.write(tmp_path / "none", task, [], sheet)
