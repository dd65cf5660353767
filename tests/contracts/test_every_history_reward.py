"""What every reward that reads an episode so far promises: all are found by name and asked the same questions."""

from dataclasses import asdict

import numpy as np
import pytest
import torch

from vlmrl import rewards
from vlmrl.config.parts import part
from vlmrl.errors import ConfigError, ShapeError
from vlmrl.find import names
from vlmrl.rewards._taught import weights_file
from vlmrl.rewards._taught.learned import LearnedReward
from vlmrl.rewards.base import HistoryReward
from vlmrl.scoring import Scorer
from vlmrl.scoring.clips import scorer_for
from vlmrl.scoring.histories import HistoryScorer

EVERY = [name for name in names("reward") if issubclass(part("reward", name), HistoryReward)]
CAMERA = {"name": None, "distance": 2.0, "lookat": [0, 0, 0.5]}


def untaught(name, toy, path, **changes):
    """Weights as they were drawn, in a file that a reward reads."""
    lesson = part("reward", name).lesson()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = lesson.network(toy.dim)
    told = {"reward": name, "lesson": asdict(lesson), "encoder": toy.fingerprint, "encoder_name": "toy"}
    weights_file.save(path, network.state_dict(), {**told, "size": [32, 32], "views": [CAMERA], **changes})
    return path


@pytest.fixture(params=EVERY)
def name(request):
    return request.param


@pytest.fixture
def model(name, toy_encoder, tmp_path):
    given = {}
    if issubclass(part("reward", name), LearnedReward):
        given["weights"] = untaught(name, toy_encoder, tmp_path / "w.safetensors")
    return rewards.load(name, toy_encoder, **given)


@pytest.fixture
def film():
    """uint8 (40, 32, 32, 3): longer than any window."""
    coarse = np.random.default_rng(3).integers(0, 256, (40, 4, 4, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((1, 8, 8, 1), dtype=np.uint8))


def test_each_frame_has_a_number_in_the_declared_range(model, film, words):
    scores = model.score_history(film, words)
    assert (scores.dtype, tuple(scores.shape)) == (torch.float32, (40,))
    assert torch.isfinite(scores).all()
    assert len(scores.unique()) > 1
    assert model.low is None or scores.min() >= model.low
    assert model.high is None or scores.max() <= model.high


def test_no_frame_knows_what_comes_after_it(model, film, words):
    whole, other = model.score_history(film, words), film.copy()
    other[25:] = film[:15]
    torch.testing.assert_close(model.score_history(film[:25], words), whole[:25], atol=1e-5, rtol=0)
    torch.testing.assert_close(model.score_history(other, words)[:25], whole[:25], atol=1e-5, rtol=0)


def test_bit_by_bit_it_says_what_it_says_of_the_whole(model, film, words):
    whole = model.score_history(film, words)
    seen = torch.cat([model.look(film[:7]), model.look(film[7:])])
    parts = [model.score_seen([seen[:end]], [start], words) for start, end in ((0, 1), (1, 7), (7, 30), (30, 40))]
    torch.testing.assert_close(torch.cat(parts), whole, atol=1e-5, rtol=0)


def test_episodes_do_not_know_of_each_other(model, film, words):
    one, other = model.look(film[:20]), model.look(film[20:])
    together = model.score_seen([one, other, one[:0]], [5, 0, 0], words)
    alone = torch.cat([model.score_seen([one], [5], words), model.score_seen([other], [0], words)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    assert model.score_seen([], [], words).shape == (0,)


def test_its_scorer_looks_at_each_frame_once(model, film, words):
    scorer = scorer_for(model)
    assert isinstance(scorer, HistoryScorer)
    expected = model.score_history(film, words).numpy()
    np.testing.assert_allclose(scorer.so_far(film, words), expected, atol=1e-5)
    np.testing.assert_allclose(scorer.so_far(film, words), expected, atol=1e-5)
    assert (scorer._rows.computed, scorer.frames_scored) == (40, 80)
    assert scorer.seconds > 0
    assert scorer.so_far(film[:0], words).shape == (0,)
    with pytest.raises(ShapeError, match=r"since=\[41\]: must be one from 0 to T for each of 1 episodes"):
        scorer.histories([scorer.look(film)], [41], words)


def test_what_scores_single_frames_refuses_it(model):
    with pytest.raises(ConfigError, match=r"does not score single frames; it reads an episode's frames so far"):
        Scorer(model)


def test_what_is_no_clip_is_refused(model, film, words):
    with pytest.raises(ShapeError, match=r"must be uint8"):
        model.score_history(film.astype(np.float32), words)
    with pytest.raises(ShapeError, match=r"must be \(B, H, W, 3\)"):
        model.score_history(film[0], words)


def test_frames_of_another_size_or_camera_are_refused(model, film, words):
    with pytest.raises(ConfigError, match=r"frames 16 x 16: the reward was taught by frames of 32 x 32"):
        model.score_history(film[:, ::2, ::2], words)
    model.check_view({**CAMERA, "lookat": (0, 0, 0.5)})
    with pytest.raises(ConfigError, match=r"was taught through another camera \(other distance\)"):
        model.check_view({**CAMERA, "distance": 3.0})


def test_weights_that_do_not_fit_are_refused_by_the_file(name, toy_encoder, tmp_path):
    kind, path = part("reward", name), tmp_path / "a.safetensors"
    with pytest.raises(ConfigError, match=rf"reward\.weights: is missing; `vlmrl reward train reward={name}"):
        kind(toy_encoder)
    with pytest.raises(ConfigError, match=r"reward\.weights=.*none\.safetensors: cannot be read"):
        kind(toy_encoder, weights=tmp_path / "none.safetensors")
    untaught(name, toy_encoder, path, encoder="another")
    with pytest.raises(ConfigError, match=r"a\.safetensors: was taught with another encoder \(toy, another\)"):
        kind(toy_encoder, weights=path)
    untaught(name, toy_encoder, path, reward="other")
    with pytest.raises(ConfigError, match=rf"a\.safetensors: is for reward=other; this is reward={name}"):
        kind(toy_encoder, weights=path)
    untaught(name, toy_encoder, path, lesson={"odd": 1})
    with pytest.raises(ConfigError, match=r"a\.safetensors: is of another version"):
        kind(toy_encoder, weights=path)
    whole = untaught(name, toy_encoder, path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ConfigError, match=r"a\.safetensors: cannot be read"):
        kind(toy_encoder, weights=path)
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ConfigError, match=r"a\.safetensors: is not the file that a\.json belongs to"):
        kind(toy_encoder, weights=path)


def test_its_fingerprint_tells_weights_apart(name, toy_encoder, tmp_path, model):
    other = untaught(name, toy_encoder, tmp_path / "other.safetensors")
    tensors, told = weights_file.load(other, "weights", "")
    weights_file.save(other, {key: tensor + 1 for key, tensor in tensors.items()}, told | {"digest": ""})
    assert rewards.load(name, toy_encoder, weights=other).fingerprint != model.fingerprint
