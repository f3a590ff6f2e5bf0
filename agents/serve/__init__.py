"""CueChain for other software: an HTTP API and an MCP server."""
