"""A run: one sitting after another of learning, saved, judged and told, until its steps are done."""
