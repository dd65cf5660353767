"""sim-clip, the embedded vision-language model: its language, its data, its training and what it knows."""
