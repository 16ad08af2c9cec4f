"""A program of its own: renders modules' pages with pydoc in a process that nothing of the caller leaks into.

Reads {"modules": [names], "budget": bytes, "limit": bytes a page} as JSON on standard input and writes
{"name", "html"} JSON lines until the budget is reached. It imports nothing of the project.
"""

from __future__ import annotations

import importlib
import json
import pydoc
import re
import sys
from typing import TextIO

UNSTABLE = re.compile(r" at 0x|set\(\{<|^\{<|/")


class StableDoc(pydoc.HTMLDoc):
    """pydoc's pages with values that differ between runs or machines shown by their type alone.

    pydoc shortens long values in the middle, so addresses and paths cannot be replaced afterwards, and
    sets of classes or code objects print in the order of their addresses.
    """

    def repr(self, value: object) -> str:
        """A value as HTML."""
        if UNSTABLE.search(repr(value)):
            return self.escape(f"<{type(value).__name__}>")
        return str(self._repr_instance.repr(value))


def render(name: str) -> str | None:
    """The page of a module, or None where the module cannot be imported or shown."""
    try:
        module = importlib.import_module(name)
        html = StableDoc()
        return html.page(pydoc.describe(module), html.document(module, name))
    except KeyboardInterrupt:
        raise
    except BaseException:  # a module may even call sys.exit when it is imported
        return None


def main(output: TextIO) -> None:
    """Renders what standard input asks for, in its order."""
    request = json.load(sys.stdin)
    spent = 0
    for name in request["modules"]:
        if spent >= request["budget"]:
            break
        page = render(name)
        if page and len(page) <= request["limit"]:
            spent += len(page)
            print(json.dumps({"name": name, "html": page}), file=output)


if __name__ == "__main__":
    pages, sys.stdout = sys.stdout, sys.stderr  # whatever an import prints must not mix with the pages
    main(pages)
