"""Where a case is tried: valid requests that a case can change in one point."""
