"""How sound sounds: pitch, loudness, timbre, the tone of an utterance, events."""
