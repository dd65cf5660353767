"""What families of rewards derive from: embeddings of frames, pictures in the place of words, clips."""
