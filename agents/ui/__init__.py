"""The page in the browser: a clip beside the conversation about it."""
