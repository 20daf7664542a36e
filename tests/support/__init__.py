"""What several tests need: servers that misbehave, a plain OAuth client, and calls of the command."""
