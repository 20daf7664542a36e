"""Builders that are valid by default (keys, JWTs, proofs, certificates) and changes that break one thing."""
