"""The report: one page a run, with what was asked for, what came of it, and what was chosen by whom."""
