"""Bytes in and out: one HTTP client per TLS identity, exchanges as they happened, redaction."""
