"""Getting tokens and using them: grants, login, nonces, and the places where a proof or certificate is read."""
