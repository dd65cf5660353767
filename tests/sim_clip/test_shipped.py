"""The packaged models: small, read by stock open_clip in a fresh process, and as good as their cards say."""

import json
import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from vlmrl import configure, encoders
from vlmrl.config import packaged
from vlmrl.config.compose import compose
from vlmrl.envs.make import find_task
from vlmrl.find import names
from vlmrl.sim_clip import card, familiarity
from vlmrl.sim_clip.evaluate import PATHS, evaluate, path
from vlmrl.sim_clip.towers import WEIGHTS
from vlmrl.types import Words

STOCK = """
import json, sys, numpy as np, open_clip, torch
from open_clip.tokenizer import SimpleTokenizer
from PIL import Image
folder, frames, sentences = sys.argv[1], np.load(sys.argv[2]), json.loads(sys.argv[3])
model, preprocess = open_clip.create_model_from_pretrained("local-dir:" + folder)
model.eval()  # open_clip hands models out in training mode, which batch normalisation heeds
tokens = SimpleTokenizer(bpe_path=folder + "/bpe.txt.gz", context_length=model.context_length)(sentences)
with torch.no_grad():
    images = model.encode_image(torch.stack([preprocess(Image.fromarray(f)) for f in frames]), normalize=True)
    texts = model.encode_text(tokens, normalize=True)
assert not any(name.startswith("vlmrl") for name in sys.modules)
np.savez(sys.argv[2] + ".out.npz", images=images.numpy(), texts=texts.numpy())
"""
TOLD = {model: json.loads((packaged.folder(model) / "evaluation.json").read_text()) for model in packaged.MODELS}
TAUGHT = {model: sorted(told["tasks"]) for model, told in TOLD.items()}
"""The tasks of the worlds that each was trained on; a new task of another world is none of its business."""
EARLIER = {
    "cartpole/upright": 0.997,
    "cartpole/balance": 0.997,
    "cartpole/left": 0.991,
    "cartpole/right": 0.989,
    "double_pendulum/upright": 0.907,
    "inverted_pendulum/balance": 0.993,
    "pendulum/upright": 1.0,
    "reacher/touch": 0.965,
    "walker/stand": 0.987,
}
"""Spearman of the first model of six worlds: a later one may lose 0.02 in each of them."""
RED = {
    "sim_clip": set[str](),
    "sim_clip_wide": {
        "fish/upright",
        "humanoid/arms_crossed",
        "humanoid/arms_raised",
        "humanoid/hands_on_hips",
        "humanoid/kneeling",
        "humanoid/lotus",
        "humanoid/lying",
        "humanoid/one_leg",
        "humanoid/sitting",
        "humanoid/splits",
        "humanoid/t_pose",
        "swimmer/zigzag",
        "tabletop/close_drawer",
        "tabletop/lift_blue",
        "tabletop/open_drawer",
        "tabletop/press_button",
        "tabletop/push_green_to_left",
        "tabletop/push_yellow_onto_orange",
        "tabletop/put_blue_in_front_of_purple",
        "tabletop/put_blue_in_purple",
        "tabletop/put_red_in_drawer",
        "tabletop/put_red_in_orange",
        "tabletop/put_red_left_of_blue",
        "tabletop/put_yellow_behind_green",
        "tabletop/reach_button",
        "tabletop/reach_red",
        "tabletop/stack_red_on_blue",
    },
}
"""Tasks that each ranks worse than is wanted."""
SENTENCES = ["a pole standing upright on a cart", "The cart's at the far left, isn't it?"]


loaded = cache(encoders.load)


@pytest.fixture(scope="module")
def sim_clip():
    return loaded("sim_clip")


def test_they_fit_their_budget():
    files = [file for model in packaged.MODELS for file in packaged.folder(model).iterdir()]
    assert sum(file.stat().st_size for file in files) < 32 * 2**20


@pytest.mark.slow
def test_stock_open_clip_in_a_fresh_process_gives_our_embeddings(sim_clip, tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    np.save(tmp_path / "frames.npy", frames)
    arguments = [str(WEIGHTS), str(tmp_path / "frames.npy"), json.dumps(SENTENCES)]
    subprocess.run([sys.executable, "-c", STOCK, *arguments], check=True, cwd=tmp_path, timeout=180)
    stock = np.load(tmp_path / "frames.npy.out.npz")
    np.testing.assert_allclose(sim_clip.images(frames).numpy(), stock["images"], atol=1e-4)
    np.testing.assert_allclose(sim_clip.texts(SENTENCES).numpy(), stock["texts"], atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "some"), [("sim_clip", None), ("sim_clip_wide", ("hopper", "quadruped"))])
def test_the_card_tells_what_is_measured_now(model, some):
    found = evaluate(encoders.load(model), 300, some)
    for task, facts in found["tasks"].items():
        told = TOLD[model]["tasks"][task]["spearman"]["neutral"]
        assert facts["spearman"]["neutral"] == pytest.approx(told, abs=0.03), task
    folder = packaged.folder(model)
    assert (folder / "README.md").read_text() == card.card(folder)


def test_paths_lead_through_worlds_that_it_was_taught():
    assert set(PATHS) <= set(TAUGHT["sim_clip"])


@pytest.mark.slow
@pytest.mark.parametrize("task", PATHS)
def test_the_reward_rises_along_the_path_to_the_goal(sim_clip, task):
    way = path(sim_clip, task)
    assert way["fall"] <= 0.05
    assert way["rise"] <= 0.15
    assert way["reward"][-1] - way["reward"][0] >= 0.4
    # The ends are flatter, as the page on limits tells.
    assert min(way["tenths"][2:7]) >= 0.02
    assert min(way["tenths"]) >= -0.02


@pytest.mark.parametrize("task", EARLIER)
def test_a_world_that_it_knew_before_it_knows_as_well(task):
    told = TOLD["sim_clip"]["tasks"][task]
    assert packaged.told_of(task.partition("/")[0]) == "sim_clip"
    assert told["spearman"]["neutral"] >= EARLIER[task] - 0.02
    assert told["wordings"]["mean"] >= 0.9


@pytest.mark.parametrize("model", RED)
def test_what_it_ranks_worse_than_is_wanted_is_told(model):
    red = familiarity.below(TOLD[model])
    assert set(red) == RED[model]
    said = (packaged.folder(model) / "README.md").read_text()
    assert all(f"{task} {rho}" in said for task, rho in red.items())


def test_a_run_is_told_that_a_task_is_ranked_poorly(sim_clip):
    task, known = "tabletop/stack_red_on_blue", "the red block is on top of the blue block"
    settings = configure(task=task).encoder
    wide = encoders.load(settings.name)
    poor = familiarity.report_where_known(settings, wide, Words.of(known), "tabletop", task)
    assert f"a Spearman of {TOLD['sim_clip_wide']['tasks'][task]['spearman']['neutral']} with the ground truth" in poor
    settings = configure(task="hopper/stand").encoder
    sound = familiarity.report_where_known(settings, wide, find_task("hopper/stand").words, "hopper", "hopper/stand")
    assert "Spearman" not in sound


def test_the_model_that_knows_the_world_is_taken_where_none_is_named():
    def named(**settings):
        return configure(**settings).encoder.name

    assert (
        named(task="cartpole/upright")
        == named(task="metaworld/reach")
        == named(env="Hopper-v5", goal="a leg", baseline="a robot")
        == "sim_clip"
    )
    assert named(task="hopper/stand") == "sim_clip_wide"
    assert compose(["task=hopper/stand", "encoder.device=cpu"]).encoder.keywords["model"] == "sim_clip_wide"
    assert named(task="hopper/stand", encoder="sim_clip") == "sim_clip"
    assert named(task="hopper/stand", experiment="demo") == "sim_clip"
    assert set(packaged.worlds("sim_clip_wide")) == set(names("language"))


def test_a_known_prompt_is_known_and_a_strange_one_is_told(sim_clip):
    task = "cartpole/upright"
    known = familiarity.report(Words.of("a pole standing upright on a cart", "a pole on a cart"), sim_clip, task)
    assert "pole.upright" in known
    assert "warning" not in known
    strange = familiarity.report(Words.of("quarterly revenue exceeded forecasts"), sim_clip, task)
    assert "never captioned: exceeded, forecasts, quarterly, revenue" in strange
    assert "warning: far from what sim_clip was told of cartpole" in strange
    same = familiarity.report(Words.of("the pole is upright", "the pole is vertical"), sim_clip, task)
    assert "can hardly tell them apart" in same


def test_the_words_of_another_world_are_strange(sim_clip):
    walker = Words.of("the robot is standing upright on its two legs", "a robot")
    assert "warning" not in familiarity.report(walker, sim_clip, "walker/stand")
    assert "warning: far" in familiarity.report(walker, sim_clip, "pendulum/upright")
    assert "never saw Hopper-v5" in familiarity.report(walker, sim_clip, "Hopper-v5")
    assert "encoder=sim_clip_wide was told of it" in familiarity.report(walker, sim_clip, "hopper/stand")


@pytest.mark.parametrize("task", TAUGHT["sim_clip"])
def test_no_shipped_prompt_is_strange(sim_clip, task):
    shipped = find_task(task)
    words = Words.of(shipped.goal, shipped.baseline, shipped.negative)
    assert "warning" not in familiarity.report(words, sim_clip, task)


def test_it_is_told_of_the_packaged_model_alone(sim_clip):
    words = Words.of("quarterly revenue exceeded forecasts", "a robot")
    told = {
        name: familiarity.report_where_known(
            configure(task="walker/stand", encoder=name).encoder, sim_clip, words, "walker"
        )
        for name in ("sim_clip", "vit_b_32")
    }
    assert "warning: far" in told["sim_clip"]
    assert told["vit_b_32"] == ""
