"""A strip shows every state once, in its lane, where its score is."""

import re

import numpy as np
import pytest

from vlmrl.report.strip import EDGE, WIDTH, strip


def places(svg: str, kind: str) -> list[float]:
    return [float(x) for x in re.findall(rf'class="{kind}" (?:cx|x1)="([\d.]+)"', svg)]


def test_every_state_is_one_dot_at_its_score():
    svg = strip(np.array([1.0, 0.5]), np.array([0.0, 0.25, 0.25]), 0.75, (0.0, 1.0))
    inside = WIDTH - 2 * EDGE
    assert places(svg, "goal") == pytest.approx([EDGE + inside, EDGE + inside / 2])
    assert places(svg, "bad") == pytest.approx([EDGE, EDGE + inside / 4, EDGE + inside / 4])
    assert places(svg, "here") == pytest.approx([EDGE + 0.75 * inside])
    assert "this frame scores 0.750; goal states 0.500 to 1.000, bad ones 0.000 to 0.250" in svg


def test_a_constant_reward_has_a_strip_too():
    svg = strip(np.zeros(3), np.zeros(3), 0.0, (0.0, 0.0))
    assert places(svg, "goal") == [EDGE] * 3
    assert "nan" not in svg
