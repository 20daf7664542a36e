"""The embedded authorization server and resource server, with switchable faults."""
