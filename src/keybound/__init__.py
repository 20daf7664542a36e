"""Conformance and attack tests for sender-constrained OAuth tokens: DPoP (RFC 9449) and mutual TLS (RFC 8705)."""

__version__ = "0.1.0"
