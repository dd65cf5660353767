"""Environments: tasks in words with a camera and a ground truth, headless rendering, and frames taken in the right moment."""

if __name__ != "vlmrl.envs":
    raise ImportError("import vlmrl.envs, not envs: the folder is only its place in the repository")
