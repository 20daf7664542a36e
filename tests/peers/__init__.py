"""Servers that know nothing of keybound: an AS and an RS with lawful habits and seeded defects."""
