"""Words as such: languages, lines, lexicons and the text model."""
