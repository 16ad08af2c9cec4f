"""A small read-only page server inside Airflow's API server: the report of a recipe, and nothing else.

Asks for a login that may read the DAG. The page holds text of documents: it comes with a policy that gives it an origin
of its own and no network, so that nothing in it could reach Airflow.
"""

from __future__ import annotations

import re
from pathlib import Path

from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import FileResponse

from daybreak.airflow.home import known_recipes, read
from daybreak.airflow.request import DAY
from daybreak.errors import DaybreakError

HEADERS = {
    "Content-Security-Policy": "sandbox allow-scripts allow-popups; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
app = FastAPI(title="Daybreak reports", docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/report/{dag_id}/{recipe}", dependencies=[Depends(requires_access_dag(method="GET"))])
def report(dag_id: str, recipe: str, day: str | None = None) -> FileResponse:
    """The report page of one of this instance's recipes (its file name without .yaml), of one day where it has days."""
    page = page_of(recipe, day)
    if page is None:
        raise HTTPException(404, f"no report of {recipe!r}{f' for {day}' if day else ''} is there (yet)")
    return FileResponse(page, media_type="text/html", headers=HEADERS)


def page_of(name: str, day: str | None) -> Path | None:
    """The page's file, or None: only `report/index.html` of a known recipe's workspace, and not through a link out."""
    path = next((known for known in known_recipes() if Path(known).stem == name), None)
    if path is None or (day is not None and not re.fullmatch(DAY[1:-1], day)):
        return None
    try:
        workspace = read(path, [f"day={day}"] if day else []).workspace
    except DaybreakError:
        return None
    if "://" in workspace:
        return None
    page = Path(workspace, "report", "index.html").resolve()
    inside = page.is_relative_to(Path(workspace).resolve())
    return page if inside and page.is_file() else None
