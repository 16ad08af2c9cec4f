"""Checks of the files in deploy/ that can be made without an engine, a cluster or a network: `make lint-deploy`."""
