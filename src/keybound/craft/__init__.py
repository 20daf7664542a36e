"""Builders that are valid by default (keys, JWTs, proofs, certificates) and deltas that break one thing."""
