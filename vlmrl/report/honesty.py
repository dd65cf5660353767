"""What a reader must know to believe the numbers: who paid the learner, who chose what, and what an interval covers."""

from __future__ import annotations

from html import escape

from vlmrl.config import packaged
from vlmrl.config.parts import part, privileged
from vlmrl.errors import UnknownName
from vlmrl.report.facts import Facts


def notes(facts: Facts) -> list[str]:
    """One HTML sentence or two for each thing that a careful reader would ask."""
    found = [
        _paid(facts),
        _began(facts),
        _sentences(facts),
        _success(facts),
        *_chosen(facts),
        *_interval(facts),
        *_agreement(facts),
    ]
    if facts.config.encoder.name in packaged.MODELS and not facts.config.reward.is_oracle:
        found.append(
            f"The encoder is {facts.config.encoder.name}. It was trained on captioned states of these very simulators, "
            "captioned by their ground truth, and knows nothing else of the world."
        )
    return [note for note in found if note]


def _paid(facts: Facts) -> str:
    config = facts.config
    if config.agent.imitates:
        shown = ", ".join(f"<b>{escape(str(path))}</b>" for path in config.data)
        return (
            f"The agent was paid nothing: it imitates what was shown to it in {shown}. The simulator's ground truth "
            "chose which episodes were shown, unless agent.params.episodes is all, and judged it."
        )
    if config.reward.is_oracle:
        return (
            "The agent was trained on the simulator's ground truth. No sentence took part: it is what training from "
            "text is compared with."
        )
    parts = (("reward", config.reward.name), ("encoder", config.encoder.name), ("shaping", config.shaping.name))
    said = ", ".join(f"{kind} <b>{escape(name)}</b>" for kind, name in parts)
    if truth := privileged(facts.config):
        return (
            f"The agent was paid by the words and by the task's own reward (<b>{escape(truth)}</b>): {said}. That is "
            "privileged: ground truth reached the learner, and this is no result from words alone."
        )
    if facts.pictures:
        return _shown(facts, said)
    if facts.preferences:
        return _compared(facts, said)
    return (
        f"The agent was paid by the words alone: {said}. The simulator's ground truth was logged beside it and never "
        "reached the learner."
    )


def _began(facts: Facts) -> str:
    agent = facts.config.agent
    if not agent.reads or agent.imitates:
        return ""
    return (
        f"It began as a clone of demonstrations, the agent of <b>{escape(str(agent.policy))}</b>, which is judged "
        "beside it. What that was shown, ground truth chose."
    )


def _compared(facts: Facts, said: str) -> str:
    told = facts.preferences
    judge = escape(str(told.get("judge") or "people"))
    note = (
        f"The agent was paid by nets that learned beside it from comparisons of frames: {said}. The judge, "
        f"<b>{judge}</b>, answered {told.get('answered', 0)} of {told.get('questions', 0)} questions and "
        "abstained from the others."
    )
    if "answers_right" in told:
        note += f" Where the simulator knows which frame was nearer, {100 * told['answers_right']:.0f} % were right."
    if told.get("privileged"):
        note += (
            " That judge asks the simulator, which is <b>privileged</b>: a bound on what comparisons can do, and no "
            "result from words."
        )
    return note


def _shown(facts: Facts, said: str) -> str:
    where = "; ".join(f"reward.{escape(key)}: {escape(source)}" for key, source in facts.pictures.items())
    part_of_words = "beside the words" if _by_words(facts) else "no sentence took part"
    note = f"The agent was paid by pictures, {part_of_words}: {said}. They are <b>{where}</b>."
    if any(facts.config.reward.keywords.get(key) is None for key in facts.pictures):
        note += (
            " What was drawn from the task's own states is privileged, the simulator's knowledge of what done looks "
            "like: this is no result from words or from pictures of one's own alone."
        )
    return note


def _by_words(facts: Facts) -> bool:
    """Whether sentences paid the agent; of a reward of a package that is gone nobody knows."""
    try:
        return bool(part("reward", facts.config.reward.name).reads_words)
    except UnknownName:
        return False


def _sentences(facts: Facts) -> str:
    if facts.pictures and not _by_words(facts):
        return ""
    if facts.config.reward.is_oracle or facts.words is None or facts.task is None:
        return ""
    if facts.words == facts.task.words:
        return "The sentences are those that ship with the task."
    return "The sentences are the user's own, not those that ship with the task."


def _success(facts: Facts) -> str:
    task = facts.task
    if task is not None:
        when = (
            f"on each of its last {task.hold_steps} steps"
            if task.held == "last"
            else f"on {task.hold_steps} steps in a row"
        )
        return f"An episode succeeds when the simulator finds the task done {when}, of {task.horizon}."
    world = escape(facts.config.world)
    if facts.config.task is not None:
        return f"The task {world} is not installed here; what its success means cannot be told."
    return f"No ground truth is known for {world}: nobody can say whether the words were fulfilled."


def _chosen(facts: Facts) -> list[str]:
    comparison = facts.comparison
    if comparison is None:
        return []
    said = ", ".join(f"<b>{escape(one.agent)}</b> {escape(one.chosen)}" for one in comparison.evaluations if one.chosen)
    found = [f"Weights in the table: {said}."] if said else []
    if facts.best:
        ending = "safetensors" if facts.config.agent.reads else "zip"
        note = f"best_model.{ending} in the run's directory is another: {escape(facts.best)}, while training."
        if not facts.config.reward.is_oracle:
            note += " Whoever uses it no longer has a result from text alone."
        found.append(note)
    return found


def _interval(facts: Facts) -> list[str]:
    comparison = facts.comparison
    if comparison is None:
        return []
    seeds = [episode.seed for episode in comparison.evaluations[0].episodes]
    return [
        f"Ranges are {100 * comparison.level:.0f} % bootstrap intervals over the {len(seeds)} episodes (seeds "
        f"{min(seeds)} to {max(seeds)}, apart from training's), and the exact interval of a rate where all agree. "
        "They are about this one trained agent: another training seed makes another agent."
    ]


def _agreement(facts: Facts) -> list[str]:
    comparison = facts.comparison
    if comparison is None or comparison.spearman is None:
        return []
    auroc = ""
    if comparison.auroc is not None:
        auroc = f" It tells steps at which the task is done from others with an AUROC of {comparison.auroc:.2f}."
    return [
        "Over all steps of all agents in the table, the score of the words orders states as the ground truth does with "
        f"a Spearman correlation of {comparison.spearman:.2f} (1: the same order, 0: none).{auroc}"
    ]
