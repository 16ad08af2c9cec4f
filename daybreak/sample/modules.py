"""Which modules' pages the sample renders: fixed lists, as importing a module runs it."""

from __future__ import annotations

import re

# Modules whose import has no effect and whose page holds nothing of the machine (that of os would
# show its environment).
STANDARD_LIBRARY = (
    "abc", "argparse", "array", "asyncio.events", "asyncio.locks", "asyncio.queues", "asyncio.streams",
    "asyncio.tasks", "base64", "bdb", "binascii", "bisect", "bz2", "calendar", "cgi", "cmd", "code",
    "codecs", "collections", "collections.abc", "colorsys", "concurrent.futures.thread", "configparser",
    "contextlib", "contextvars", "copy", "copyreg", "csv", "ctypes.util", "dataclasses", "datetime",
    "decimal", "difflib", "dis", "doctest", "email.charset", "email.header", "email.message",
    "email.mime.text", "email.parser", "email.policy", "enum", "filecmp", "fileinput", "fnmatch",
    "fractions", "ftplib", "functools", "gc", "getopt", "getpass", "gettext", "glob", "graphlib", "gzip",
    "hashlib", "heapq", "hmac", "html.parser", "http.client", "http.cookiejar", "http.cookies",
    "http.server", "imaplib", "importlib.abc", "importlib.machinery", "inspect", "io", "ipaddress",
    "itertools", "json", "json.decoder", "json.encoder", "keyword", "linecache", "locale", "logging",
    "logging.handlers", "lzma", "mailbox", "math", "mimetypes", "mmap", "netrc", "numbers", "operator",
    "optparse", "pathlib", "pdb", "pickle", "pickletools", "pkgutil", "plistlib", "poplib", "pprint",
    "profile", "pstats", "py_compile", "pyclbr", "queue", "quopri", "random", "re", "reprlib",
    "rlcompleter", "runpy", "sched", "secrets", "selectors", "shelve", "shlex", "shutil", "smtplib",
    "socketserver", "sqlite3.dbapi2", "ssl", "stat", "statistics", "string", "struct", "subprocess",
    "symtable", "tabnanny", "tarfile", "telnetlib", "tempfile", "textwrap", "threading", "timeit",
    "token", "tokenize", "trace", "traceback", "tracemalloc", "types", "typing", "unicodedata",
    "unittest.case", "unittest.mock", "unittest.suite", "urllib.error", "urllib.parse", "urllib.request",
    "urllib.robotparser", "uuid", "warnings", "wave", "weakref", "wsgiref.handlers", "wsgiref.headers",
    "xml.dom.minidom", "xml.etree.ElementTree", "xml.sax.handler", "xmlrpc.client", "xmlrpc.server",
    "zipfile", "zipimport", "zlib", "zoneinfo",
)  # fmt: skip
# Pure-Python packages that import in a fraction of a second and start nothing.
IMPORTABLE = frozenset((
    "argcomplete", "arrow", "attr", "babel", "cachetools", "certifi", "click", "croniter", "dateutil",
    "dns", "email_validator", "fsspec", "h11", "httpcore", "httpx", "hypothesis", "idna", "itsdangerous",
    "jinja2", "jsonschema", "markdown_it", "markupsafe", "more_itertools", "natsort", "networkx",
    "omegaconf", "packaging", "pathspec", "pendulum", "pluggy", "pygments", "referencing", "requests",
    "rich", "slugify", "sortedcontainers", "sqlparse", "starlette", "structlog", "tabulate", "tenacity",
    "tqdm", "typer", "urllib3", "warcio", "websockets", "yaml",
))  # fmt: skip
# Not worth a page, or hooks into a program that is not running; rendering arrow.locales alone takes 14 s.
PRIVATE = re.compile(r"(^|\.)(_\w*|tests?|conftest|setup|contrib|extra|locales?|benchmarks)(\.|$)")
