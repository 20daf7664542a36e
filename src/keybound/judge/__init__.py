"""What exchanges mean: the requirement catalogue, verdict rules and baselines. Sends nothing."""
