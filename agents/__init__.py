"""Learners: Stable-Baselines3 with rewards that arrive late, and the runs that train, stop and go on."""

if __name__ != "vlmrl.agents":
    raise ImportError("import vlmrl.agents, not agents: the folder is only its place in the repository")
