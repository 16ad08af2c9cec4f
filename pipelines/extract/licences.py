"""Names of licences from the URLs by which pages state them."""

from __future__ import annotations

from typing import Final

import re2

CREATIVE_COMMONS = re2.compile(r"(?i)creativecommons\.org/(licenses|publicdomain)/([a-z+-]+)(?:/(\d\.\d))?")
PUBLIC: Final = {"zero": "CC0", "mark": "PDM", "publicdomain": "CC-PDDC"}
OTHERS: Final = {
    "opensource.org/licenses/mit": "MIT",
    "apache.org/licenses/license-2.0": "Apache-2.0",
    "gnu.org/licenses/fdl": "GFDL",
    "gnu.org/copyleft/fdl": "GFDL",
    "gnu.org/licenses/gpl-3.0": "GPL-3.0",
    "nationalarchives.gov.uk/doc/open-government-licence": "OGL-UK",
    "opendatacommons.org/licenses/odbl": "ODbL",
    "opendatacommons.org/licenses/by": "ODC-By",
}


def licence_name(url: str) -> str | None:
    """The name in the manner of SPDX (CC-BY-SA-4.0, CC0-1.0; CC-BY where no version is told); None if unknown."""
    found = CREATIVE_COMMONS.search(url)
    if found is None:
        return next((name for place, name in OTHERS.items() if place in url.lower()), None)
    name, version = found[2].lower().strip("-"), found[3]
    known = PUBLIC.get(name) or f"CC-{name.upper()}"
    return f"{known}-{version}" if version else known
