"""What sim-clip knows, on what it never saw: states, wordings, goals, cameras and colours held out of its training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vlmrl.encoders.base import Encoder
from vlmrl.envs.make import find_task
from vlmrl.envs.task import Pose
from vlmrl.judge.stage import Stage
from vlmrl.metrics.rank import auroc, spearman
from vlmrl.rewards.goal_baseline import goal_baseline_score
from vlmrl.sim_clip.data import Drawn, Recipe, domain_of, draw, shipped
from vlmrl.sim_clip.familiarity import FAR, known_sentences, likest, taught
from vlmrl.sim_clip.grammar import Domain, held_out_wordings, wordings
from vlmrl.sim_clip.strangers import STRANGERS, Stranger
from vlmrl.types import Array

SENTENCES = Path(__file__).parent / "held_out.json"
"""Fifty sentences a domain, written by hand before the training; its generator never reads them."""
ALPHA = 0.5
WORDINGS = 12
"""Sentences by which a withheld combination is asked for."""
POOR = 0.5
"""Sentences that rank states below this were not understood."""
SEED = 10_000
"""Of held-out states; training draws from other streams."""
AS_SHIPPED = Recipe(shipped=1.0, own_look=0.0, away=0.0, ends=0.0)
"""States through the tasks' own cameras, all over the reachable space."""
OTHER_LOOK = replace(AS_SHIPPED, shipped=0.0, looks=8, held_out=True)
"""The same through cameras and in paint from ranges that training never uses."""

LITTLE_RIGHT = (
    "the cart is a little right of the middle",
    "a cart just right of the centre",
    "the cart has moved slightly to the right of the middle",
)
"""A goal that no caption of the training says: 0.45 m right of the middle."""


def evaluate(encoder: Encoder, frames: int = 800, domains: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure everything.

    Args:
        encoder: usually sim-clip; any other shows what it makes of these worlds.
        frames: held-out states a domain.
        domains: which; None is those that the packaged model was taught.

    Returns:
        ``{"tasks": …, "sentences": …, "unsaid": …, "strangers": …, "withheld": …, "warned": …}``, numbers rounded to
        three places.
    """
    domains = taught() if domains is None else domains
    tasks: dict[str, Any] = {}
    sentences: dict[str, Any] = {}
    withheld: dict[str, Any] = {}
    ranked: dict[str, list[tuple[float, str]]] = {}
    unsaid: list[dict[str, Any]] = []
    written = json.loads(SENTENCES.read_text())
    for name in domains:
        domain = domain_of(name)
        seen = draw(name, frames, SEED, AS_SHIPPED)
        other = draw(name, frames, SEED + 1, OTHER_LOOK)
        images, elsewhere = encoder.images(seen.frames), encoder.images(other.frames)
        for i, task in enumerate(domain.tasks):
            if find_task(task).world not in domains:
                continue  # poses of this robot that the model was not shown
            tasks[task] = _task(encoder, domain, i, seen, images) | {
                "other_look": _spearman(_reward(encoder, elsewhere, task), other.oracle[:, i]),
                "path": path(encoder, task),
            }
        ranked[name] = _ranked(encoder, domain, written[name], seen, images)
        withheld |= _withheld(encoder, name, seen, images)
        sentences[name] = _spread([rank for rank, _ in ranked[name]]) | {
            "worst": [{"spearman": rank, "text": text} for rank, text in sorted(ranked[name])[:5]]
        }
        if name == "cartpole":
            unsaid = _unsaid(encoder, domain, seen, images)
    strangers = {
        one.env_id: {"words_of": one.kin, "spearman": _strange(encoder, one, frames)}
        for one in STRANGERS
        if one.kin.partition("/")[0] in domains
    }
    warned = _warned(encoder, ranked)
    return {
        "tasks": tasks,
        "sentences": sentences,
        "unsaid": unsaid,
        "strangers": strangers,
        "withheld": withheld,
        "warned": warned,
    }


def _withheld(encoder: Encoder, name: str, seen: Drawn, images: torch.Tensor) -> dict[str, Any]:
    """Combinations of words that no caption has: the rank correlation of each, asked for in several wordings."""
    rng, found = np.random.default_rng(SEED), []
    for value, near in zip(domain_of(name).withheld, seen.withheld.T, strict=True):
        said = rng.permutation(np.array(wordings(domain_of(name), value), dtype=object))[:WORDINGS]
        found.append(_spearman((images @ _mean(encoder, [str(text) for text in said])).cpu().numpy(), near))
    return {name: _spread(found)} if found else {}


def _warned(encoder: Encoder, ranked: dict[str, list[tuple[float, str]]]) -> dict[str, Any]:
    """What the warning is worth that a prompt is far from what was taught, over all hand-written sentences."""
    known = known_sentences(tuple(ranked))["sentences"]
    likeness = np.concatenate(
        [
            likest(encoder, [text for said in known[name].values() for text in said], [text for _, text in rows])
            for name, rows in ranked.items()
        ]
    )
    rank = np.array([rank for rows in ranked.values() for rank, _ in rows])
    near, poor = likeness >= FAR, rank < POOR
    facts = {
        "share_near": near.mean(),
        "mean_near": rank[near].mean() if near.any() else 0.0,
        "mean_far": rank[~near].mean() if (~near).any() else 0.0,
        "poor_that_are_far": (poor & ~near).sum() / max(1, poor.sum()),
    }
    return {"sentences": len(rank), **{key: round(float(value), 3) for key, value in facts.items()}}


def _strange(encoder: Encoder, stranger: Stranger, frames: int) -> float:
    """How the words of a robot that is known rank the states of another."""
    task = stranger.task
    with Stage(task) as stage:
        shots = stage.posed(task.goal_states(np.random.default_rng(SEED), frames))
    return _spearman(_reward(encoder, encoder.images(shots.frames), stranger.kin), shots.oracle)


def _mean(encoder: Encoder, sentences: Sequence[str]) -> torch.Tensor:
    return torch.nn.functional.normalize(encoder.texts(sentences).mean(0), dim=-1)


def _reward(
    encoder: Encoder, images: torch.Tensor, task: str, goal: Sequence[str] = (), baseline: str = "baseline"
) -> Array:
    shipped_words = find_task(task)
    goal = goal or shipped_words.goal
    found = goal_baseline_score(images, _mean(encoder, goal), _mean(encoder, getattr(shipped_words, baseline)), ALPHA)
    return found.cpu().numpy()


def _spearman(a: Array, b: Array) -> float:
    return round(float(spearman(a, b)), 3)


def _task(encoder: Encoder, domain: Domain, index: int, seen: Drawn, images: torch.Tensor) -> dict[str, Any]:
    """One task with its shipped words, and with wordings from templates never trained on."""
    task = domain.tasks[index]
    oracle, success = seen.oracle[:, index], seen.success[:, index]
    plain = (images @ _mean(encoder, find_task(task).goal)).cpu().numpy()
    rewards = {
        "neutral": _reward(encoder, images, task),
        "negatives": _reward(encoder, images, task, baseline="negative"),
        "cosine": plain,
    }
    unseen = _wordings(domain, domain.asked[task])
    ranked = [_spearman(_reward(encoder, images, task, (text,)), oracle) for text in unseen]
    return {
        "spearman": {key: _spearman(score, oracle) for key, score in rewards.items()},
        "auroc": {key: round(float(auroc(score, success)), 3) for key, score in rewards.items()},
        "wordings": _spread(ranked),
        "prompt": find_task(task).goal[0],
    }  # fmt: skip


def _wordings(domain: Domain, asked: Sequence[str], most: int = 60) -> list[str]:
    rng = np.random.default_rng(SEED)
    texts = [text for name in asked for text in held_out_wordings(domain, domain.values[domain.index[name]])]
    return [str(text) for text in rng.permutation(np.array(texts, dtype=object))[:most]]


def _spread(values: Sequence[float]) -> dict[str, Any]:
    array = np.array(values)
    return {
        "count": len(array),
        "mean": round(float(array.mean()), 3),
        "median": round(float(np.median(array)), 3),
        "min": round(float(array.min()), 3),
        "share_above_0.85": round(float((array >= 0.85).mean()), 3),
    }


def _ranked(
    encoder: Encoder, domain: Domain, written: Sequence[dict[str, Any]], seen: Drawn, images: torch.Tensor
) -> list[tuple[float, str]]:
    """Hand-written sentences: the cosine's rank correlation with how near the states are to what each says."""
    scores = (images @ encoder.texts([item["text"] for item in written]).T).cpu().numpy()
    ranked = []
    for column, item in enumerate(written):
        near = np.prod([seen.near[:, domain.index[value]] for value in item["says"]], axis=0)
        ranked.append((_spearman(scores[:, column], near), item["text"]))
    return ranked


def _unsaid(encoder: Encoder, cartpole: Domain, seen: Drawn, images: torch.Tensor) -> list[dict[str, Any]]:
    """Wordings of a goal that is between those captioned, ranked against how near the cart is to it."""
    # The position follows from how near it is to both ends.
    right = seen.near[:, cartpole.index["cart.right_end"]] * 2 - 1
    near = 1 - np.abs(right - 0.25) / 1.25
    ranked = {text: _reward(encoder, images, "cartpole/right", (text,)) for text in LITTLE_RIGHT}
    return [{"text": text, "spearman": _spearman(reward, near)} for text, reward in ranked.items()]


def path(encoder: Encoder, task: str, poses: int = 100) -> dict[str, Any]:
    """The reward along a straight path of states from a bad one to the goal.

    Returns:
        ``reward``: one number a pose; ``fall``: the largest fall below the highest reward so far; ``rise``: the largest
        rise between neighbours; ``tenths``: what each tenth of the way gains.
    """
    drawn = shipped(task.split("/")[0], path_poses(task, poses))
    reward = _reward(encoder, encoder.images(drawn.frames), task)
    tenths = [float(part[-1]) for part in np.array_split(reward, 10)]
    gains = np.diff([float(reward[0]), *tenths])
    return {
        "reward": [round(float(r), 3) for r in reward],
        "fall": round(float((np.maximum.accumulate(reward) - reward).max()), 3),
        "rise": round(float(np.diff(reward).max()), 3),
        "tenths": [round(float(gain), 3) for gain in gains],
    }


PATHS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "cartpole/upright": ((0.0, np.pi), (0.0, 0.0)),
    "cartpole/balance": ((0.0, np.pi), (0.0, 0.0)),
    "cartpole/left": ((1.8, np.pi), (-1.8, np.pi)),
    "cartpole/right": ((-1.8, np.pi), (1.8, np.pi)),
    "pendulum/upright": ((np.pi,), (0.0,)),
    "inverted_pendulum/balance": ((0.0, np.pi / 2), (0.0, 0.0)),
    "double_pendulum/upright": ((0.0, np.pi, 0.0), (0.0, 0.0, 0.0)),
    "reacher/touch": ((np.pi, 0.0), (0.0, 1.7)),
    "walker/stand": ((0.0, 0.0, 1.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), (0.0,) * 9),
}
"""Joint positions at the start and at the end of each task's path."""


def path_poses(task: str, n: int) -> Pose:
    """``n`` poses in a straight line of joint positions, from far from the goal to the goal.

    A task without ends of its own goes from a bad state to a goal state, each the first that its generator draws.
    """
    if task not in PATHS:
        known, rng = find_task(task), np.random.default_rng(0)
        with Stage(known) as stage:
            return stage.between(known.bad_states(rng, 1), known.goal_states(rng, 1), n)
    start, end = (np.array(part) for part in PATHS[task])
    qpos = start + np.linspace(0, 1, n)[:, None] * (end - start)
    if task.startswith("walker"):
        from vlmrl.envs.poses import on_the_floor
        from vlmrl.envs.suite import suite_model

        return Pose(on_the_floor(suite_model("walker", "stand"), qpos))
    if task.startswith("reacher"):
        ball = np.array([0.12 + 0.12 * np.cos(1.7), 0.12 * np.sin(1.7), 0.0])
        return Pose(qpos, None, np.broadcast_to(ball, (n, 1, 3)).copy())
    return Pose(qpos)
