"""Credentials in addresses: found, so that recipes with them are refused, and struck out of what is printed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

SECRET_NAME = re.compile(
    r"signature|^sig$|token|secret|passw|^pwd$|key(?!word)|credential|auth(?!or)|jwt|^policy$|hmac", re.I
)
"""Query parameters that carry a credential: signed URLs of S3, GCS, Azure and CloudFront, and API keys."""

SECRET_KEY = re.compile(r"secret|passw|access.?key|credential|session.?token", re.I)
"""Keys of a recipe that would hold one."""

FROM_ENVIRONMENT = re.compile(r"\$\{oc\.env:[^}]*\}")
USER = re.compile(r"(://)[^/?#@\s]+@")
PARAMETER = re.compile(r"([?&;]([^=&;?\s'\"]+)=)([^&;\s'\"<>)]*[^&;\s'\"<>),.:])")
LONG = 24
"""A parameter's value of so many characters is taken for a secret, whatever its name."""

SECRET_VARIABLE = re.compile(
    r"^(?!.*_(?:file|path|dir)$).*(?:secret|passw|token(?!i)|api_?key|access_?key|private_?key|_key$|credential"
    r"|fernet|jwt|_dsn|_conn$|^airflow_conn_)",
    re.I,
)
"""Environment variables that hold a secret, by their names."""

ADDRESSES = re.compile(r"^sources\.[^.]+\.(paths\.\d+|base)$")
"""Where a recipe's addresses stand: the one place for a secret of the environment, as what signs a URL."""

RESOLVER = re.compile(r"\$\{\s*([\w.]+)\s*:\s*([^},]*)")
SHORTEST = 8
"""Values of fewer characters are not looked for: they turn up by chance."""

REMEDY = (
    "Credentials come from the environment or the platform alone: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a "
    "profile or a role for S3, ~/.netrc for HTTP, ${oc.env:NAME} for a signed URL"
)


def without_secrets(text: str) -> str:
    """`text` with users and passwords, and secret or long parameters of URLs, replaced by ***."""
    return PARAMETER.sub(_struck, USER.sub(r"\1***@", text))


def lasting(url: str) -> str:
    """A URL as it is when it is signed anew: without user, and without its query if that is signed."""
    parts = urlsplit(url)
    signed = any(SECRET_NAME.search(name) for name, _ in parse_qsl(parts.query))
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "" if signed else parts.query, ""))


def credentials(content: Mapping[Any, Any]) -> Iterator[str]:
    """A sentence for each credential written in a recipe that is not resolved yet: its key's path and kind.

    What stands there as ${oc.env:NAME} is in the environment, not in the recipe.
    """
    for place, key, value in _leaves(content, ""):
        text = FROM_ENVIRONMENT.sub("", value) if isinstance(value, str) else ""
        if value and place.startswith(("remote.", "spark.")) and SECRET_KEY.search(key):
            yield f"{place}: a credential does not stand in a recipe. {REMEDY}"
        elif "://" in text and (kind := _kind(text)):
            yield f"{place}: the address holds {kind}. {REMEDY}"


def interpolations(content: Mapping[Any, Any]) -> Iterator[str]:
    """A sentence for each ${resolver:...} of a recipe, not resolved yet, that could bring a secret into its tables.

    ${oc.env:NAME} is taken, by a name that is written out and is no secret's, which only addresses may name.
    """
    for place, _, value in _leaves(content, ""):
        for resolver, argument in RESOLVER.findall(value) if isinstance(value, str) else ():
            if resolver != "oc.env":
                yield f"{place}: ${{{resolver}:...}} is not for recipes. There are ${{key}} and ${{oc.env:NAME}}"
            elif "$" in argument:
                yield f"{place}: write the name of the environment variable out"
            elif SECRET_VARIABLE.search(argument) and not ADDRESSES.match(place):
                yield f"{place}: {argument} is a secret by its name, and recipes go into manifests. {REMEDY}"


def copied(content: Mapping[Any, Any], environment: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each key of a resolved recipe that holds a secret of the environment, however it came there.

    In addresses, what signs or logs in does not count: it is left out of all tables (`lasting`).
    """
    secrets = {
        name: value
        for name, value in environment.items()
        if SECRET_VARIABLE.search(name) and len(value) >= SHORTEST and not _is_path(value)
    }
    for place, _, value in _leaves(content, "") if secrets else ():
        text = _kept(place, str(value))
        for name in (name for name, secret in secrets.items() if secret in text):
            yield f"{place}: holds the value of the environment variable {name}, a secret by its name. {REMEDY}"


def _kept(place: str, value: str) -> str:
    """What of a recipe's value may come into tables."""
    try:
        return lasting(value) if ADDRESSES.match(place) and "://" in value else value
    except ValueError:
        return value


def _is_path(value: str) -> bool:
    """Whether it names a file, as variables that tell where a secret lies do."""
    try:
        return Path(value).exists()
    except (OSError, ValueError):
        return False


def _kind(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    user, at, _ = parts.netloc.rpartition("@")
    if at and (":" in user.strip(":") or (user and parts.scheme == "s3")):
        return "a user and password" if ":" in user else "a key"
    names = [name for name, value in parse_qsl(parts.query) if SECRET_NAME.search(name) and value]
    return f"a credential in its parameter '{names[0]}'" if names else None


def _leaves(content: Any, place: str) -> Iterator[tuple[str, str, Any]]:
    items = content.items() if isinstance(content, Mapping) else enumerate(content)
    for key, value in items:
        at = f"{place}.{key}" if place else str(key)
        if isinstance(value, Mapping | list):
            yield from _leaves(value, at)
        else:
            yield at, str(key), value


def _struck(found: re.Match[str]) -> str:
    secret = SECRET_NAME.search(found[2]) or len(found[3]) >= LONG
    return found[1] + "***" if secret else found[0]
