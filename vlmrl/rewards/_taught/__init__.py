"""What learned rewards share: networks, lessons by films or by comparisons, and files of weights."""
