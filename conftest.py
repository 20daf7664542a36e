"""Loads the plugin, so that plain `pytest` works in a clone."""

pytest_plugins = ["keybound.engine.pytest_plugin"]
