"""What the target is: its profile, what discovery finds, what it can do, and whether it is ready for a run."""
