"""How a case is declared: a row, and the places where it is tried."""
