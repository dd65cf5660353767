"""The judge: agents played on seeds that training never saw, and measured by the simulator's ground truth."""
