"""Known vulnerabilities of the pinned packages, by pip-audit: `make audit`."""
