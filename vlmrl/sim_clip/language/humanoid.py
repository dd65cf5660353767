"""Humanoid: its posture, and its arms. Who stands with both arms raised does two things: near is their product."""

from __future__ import annotations

import numpy as np

from vlmrl.envs.conjunction import Condition, Conjunction
from vlmrl.envs.humanoid import truths
from vlmrl.envs.humanoid.postures import POSTURES, angles_of, drawn, posed
from vlmrl.envs.task import Pose, State
from vlmrl.sim_clip.grammar import Domain, Value, ways
from vlmrl.sim_clip.language._rods import StateFn
from vlmrl.types import Array

ARMS = len(truths.ON_ITS_FEET)
"""How many conditions of a posture of the arms are about the feet."""
PRONE = Conjunction(*truths.LYING.conditions[:3], Condition("the chest looks down", truths.face_up, -0.7, 1.0))
"""On its belly; speed has no place in a picture."""
SUPINE = Conjunction(*truths.LYING.conditions[:4])
DOWN = Conjunction(Condition("both hands are below the shoulders", truths.hands_above_head, -0.5, 0.4, both=True))


def graded(truth: Conjunction) -> StateFn:
    """The root of nearness: a product of many conditions would be next to nothing over most of the way."""

    def near(state: State) -> Array:
        return np.sqrt(truth.nearness(state))

    return near


def arms(truth: Conjunction) -> StateFn:
    """What a truth says of the arms alone."""
    return graded(Conjunction(*truth.conditions[ARMS:]))


def draw(rng: np.random.Generator, n: int) -> Pose:
    """Around every posture, between two of them, and tumbling, a third each; some off the floor."""
    postures = list(POSTURES.values())
    angles, pitch = np.array([angles_of(one) for one in postures]), np.array([one.pitch for one in postures])
    near, between = n // 3, n // 3
    parts = [drawn(rng, postures[i], 1, spread=2.5) for i in rng.integers(len(postures), size=near)]
    (a, b), share = rng.integers(len(postures), size=(2, between)), rng.random(between)
    mixed = angles[a] + share[:, None] * (angles[b] - angles[a]) + rng.uniform(-6, 6, (between, angles.shape[1]))
    parts.append(posed(mixed, pitch[a] + share * (pitch[b] - pitch[a]), rng.uniform(-40, 40, between)))
    rest = n - near - between
    loose = angles[rng.integers(len(postures), size=rest)] + rng.normal(0, 25, (rest, angles.shape[1]))
    parts.append(posed(loose, rng.uniform(-110, 110, rest), rng.uniform(-180, 180, rest)))
    qpos = np.concatenate(parts)
    lifted = rng.random(n) < 0.12
    qpos[lifted, 2] += rng.uniform(0, 0.25, lifted.sum())
    return Pose(rng.permutation(qpos))


ROBOT = ways(
    "the humanoid robot; the robot; the humanoid; the figure; the android; the person; the mannequin; the robotic "
    "figure; the human figure; the machine"
)
DOMAIN = Domain(
    tasks=(
        *("humanoid/standing", "humanoid/kneeling", "humanoid/lotus", "humanoid/arms_raised", "humanoid/splits"),
        *("humanoid/hands_on_hips", "humanoid/arms_crossed", "humanoid/one_leg", "humanoid/sitting", "humanoid/lying"),
        "humanoid/t_pose",
    ),
    subjects={"posture": ROBOT, "arms": ROBOT},
    values=(
        Value(
            "posture.standing",
            graded(truths.STANDING),
            ways(
                "is standing; is standing up; stands upright; is on its feet; stands on both legs; stands straight; "
                "is upright on its legs; has got up; stands tall; is up on both feet"
            ),
            ways(
                "standing up; standing; standing upright; on its feet; standing on both legs; standing straight; "
                "standing tall; upright on both feet"
            ),
            ways("stand up; stand upright; get on your feet; stand on both legs; rise to your feet"),
        ),
        Value(
            "posture.kneeling",
            graded(truths.KNEELING),
            ways(
                "is kneeling; is on its knees; kneels on the floor; has gone down on its knees; kneels upright; "
                "is kneeling down; rests on both knees; kneels with a straight back"
            ),
            ways(
                "kneeling; kneeling on the floor; on its knees; kneeling down; on both knees; kneeling upright; "
                "kneeling with a straight back"
            ),
            ways("kneel; kneel down; get on your knees; go down on both knees"),
        ),
        Value(
            "posture.lotus",
            graded(truths.LOTUS),
            ways(
                "is sitting cross-legged; is seated in the lotus position; is meditating; sits with its legs crossed; "
                "is seated down, meditating in the lotus position; sits like a yogi; sits in meditation; "
                "has crossed its legs on the floor"
            ),
            ways(
                "sitting cross-legged; in the lotus position; meditating; seated down, meditating in the lotus "
                "position; sitting with crossed legs; seated in meditation; sitting like a yogi"
            ),
            ways("sit cross-legged; take the lotus position; sit down and meditate; cross your legs on the floor"),
        ),
        Value(
            "posture.splits",
            graded(truths.SPLITS),
            ways(
                "is doing the splits; does the side splits; has its legs spread wide apart on the floor; "
                "is practicing gymnastics, doing the side splits; is in a split; stretches both legs far apart; "
                "sits in the splits; has one leg in front and one behind"
            ),
            ways(
                "doing the splits; doing the side splits; practicing gymnastics, doing the side splits; in a split; "
                "with its legs spread wide apart; with one leg in front and one behind; in the splits"
            ),
            ways("do the splits; do the side splits; spread your legs wide on the floor; go down into the splits"),
        ),
        Value(
            "posture.one_leg",
            graded(truths.ONE_LEG),
            ways(
                "is standing on one leg; stands up on one leg; balances on one foot; lifts one knee; has one foot off "
                "the floor; is on one leg only; holds one leg up; stands like a stork"
            ),
            ways(
                "standing up on one leg; standing on one leg; balancing on one foot; on one leg; with one foot off the "
                "floor; with one knee lifted; standing like a stork"
            ),
            ways("stand on one leg; lift one foot; balance on one foot; raise one knee"),
        ),
        Value(
            "posture.sitting",
            graded(truths.SITTING),
            ways(
                "is sitting on the floor; sits on the ground; is seated on the floor; sits with its legs forward; "
                "sits down; is sitting with straight legs; has sat down; rests on its seat"
            ),
            ways(
                "sitting on the floor; sitting; seated on the ground; sitting with its legs forward; sitting down; "
                "sitting with straight legs; seated on the floor"
            ),
            ways("sit down; sit on the floor; take a seat on the ground; sit with your legs forward"),
        ),
        Value(
            "posture.lying",
            graded(SUPINE),
            ways(
                "is lying on its back; lies on the floor, face up; lies flat on its back; is on its back; lies supine; "
                "is stretched out on its back; looks up at the sky from the floor; rests on its back"
            ),
            ways(
                "lying on its back; lying on the floor, face up; flat on its back; on its back; lying supine; "
                "stretched out on its back; resting on its back"
            ),
            ways("lie on your back; lie down face up; stretch out on your back; lie flat on your back"),
        ),
        Value(
            "posture.prone",
            graded(PRONE),
            ways(
                "is lying on its belly; lies face down; lies on its stomach; is flat on its face; has fallen on its "
                "face; lies prone; is on its belly"
            ),
            ways(
                "lying on its belly; lying face down; on its stomach; flat on its face; lying prone; fallen on its face"
            ),
            ways("lie on your belly; lie face down; lie on your stomach; fall on your face"),
        ),
        Value(
            "arms.raised",
            arms(truths.ARMS_RAISED),
            ways(
                "has both arms raised; holds both hands above its head; raises both arms; has its hands up; stretches "
                "its arms upwards; lifts both arms over its head; has its arms in the air; puts its hands up"
            ),
            ways(
                "with both arms raised; with both hands above its head; with its hands up; with its arms in the air; "
                "raising both arms; with its arms stretched upwards; with lifted arms"
            ),
            ways("raise both arms; put your hands up; lift both hands over your head; hold your arms in the air"),
        ),
        Value(
            "arms.hips",
            arms(truths.HANDS_ON_HIPS),
            ways(
                "has its hands on its hips; puts both hands on its waist; holds its hips; stands with hands on hips; "
                "has its elbows out and its hands at its waist; keeps its hands on its hips; stands akimbo"
            ),
            ways(
                "with hands on hips; with its hands on its hips; with both hands on its waist; with its hands at its "
                "waist; holding its hips; with arms akimbo"
            ),
            ways("put your hands on your hips; hold your waist; place both hands on your hips; stand akimbo"),
        ),
        Value(
            "arms.sideways",
            arms(truths.T_POSE),
            ways(
                "has both arms stretched out sideways; stands in a T-pose; holds its arms out to the sides; spreads "
                "its arms; has its arms level at its sides; makes a T with its arms; stretches both arms out"
            ),
            ways(
                "with both arms stretched out sideways; in a T-pose; with its arms out to the sides; with spread arms; "
                "with outstretched arms; with its arms level"
            ),
            ways("stretch your arms out sideways; make a T-pose; spread your arms; hold both arms out"),
        ),
        Value(
            "arms.crossed",
            arms(truths.ARMS_CROSSED),
            ways(
                "has its arms crossed; crosses its arms; folds its arms; holds its arms crossed before its chest; "
                "has folded arms; keeps its arms folded over its chest; has its forearms crossed"
            ),
            ways(
                "with its arms crossed; with crossed arms; with folded arms; with its arms folded; with its arms "
                "crossed before its chest; with crossed forearms"
            ),
            ways("cross your arms; fold your arms; hold your arms crossed; put your arms across your chest"),
        ),
        Value(
            "arms.down",
            graded(DOWN),
            ways(
                "has its arms down; lets its arms hang; keeps its hands low; has its arms at its sides; lowers both "
                "arms; has its hands down; holds its arms down"
            ),
            ways(
                "with its arms down; with hanging arms; with its arms at its sides; with its hands down; with lowered "
                "arms; with its arms hanging"
            ),
            ways("lower your arms; let your arms hang; put your arms down; keep your hands low"),
        ),
    ),
    neutral=ways(
        "a humanoid robot; a robot with arms and legs; a humanoid; a human-like robot; a figure on a floor; a robot in "
        "a simulator; an android; a simulated person"
    ),
    poses=draw,
    bodies=ways("torso1; head; butt; right_foot; left_foot; right_hand; left_hand; right_shin1; left_shin1"),
    pairs=(("posture", "arms"),),
    asked={
        "humanoid/standing": ("posture.standing",),
        "humanoid/kneeling": ("posture.kneeling",),
        "humanoid/lotus": ("posture.lotus",),
        "humanoid/splits": ("posture.splits",),
        "humanoid/one_leg": ("posture.one_leg",),
        "humanoid/sitting": ("posture.sitting",),
        "humanoid/lying": ("posture.lying",),
        "humanoid/arms_raised": ("posture.standing", "arms.raised"),
        "humanoid/hands_on_hips": ("posture.standing", "arms.hips"),
        "humanoid/arms_crossed": ("posture.standing", "arms.crossed"),
        "humanoid/t_pose": ("posture.standing", "arms.sideways"),
    },
)
