"""What there is to test: requirements, the profiles that say which count, known scenarios, and what proves a case."""
