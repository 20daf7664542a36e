"""One run: the target examined, every selected case carried out, events written, an exit code at the end."""
