"""What makes a request hostile or unusual: each changes one thing."""
