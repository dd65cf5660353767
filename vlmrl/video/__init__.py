"""Films: frames streamed to mp4 and gif, with the sentence, the reward and the success drawn on them."""
