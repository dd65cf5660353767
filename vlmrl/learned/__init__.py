"""Teaching rewards by films of episodes: films embedded once, one trainer for every model, one evaluation."""
