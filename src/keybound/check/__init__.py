"""The words a rule is written in: what must be refused, accepted or said, and what a token shows."""
