"""Which of two is better: judges of pairs, their answers, and the nets that learn a reward from them."""
