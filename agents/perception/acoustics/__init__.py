"""How sound sounds: where somebody speaks, pitch, loudness, timbre, the tone of an utterance, events."""
