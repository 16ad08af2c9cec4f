"""Spark beside `daybreak airflow`: it keeps the events of its applications, and a history server shows them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

DEFAULTS = """spark.eventLog.enabled true
spark.eventLog.compress true
spark.eventLog.dir file://{events}
spark.history.fs.logDirectory file://{events}
spark.history.ui.port {port}
spark.history.fs.update.interval 5s
spark.history.fs.cleaner.enabled true
spark.driver.bindAddress 127.0.0.1
spark.driver.host 127.0.0.1
"""


def write_settings(place: Path, port: int) -> dict[str, str]:
    """Write Spark's settings below `place`; the environment by which spark-submit and the history server take them.

    Both listen on 127.0.0.1 only: they ask nobody for a password.
    """
    folder, events = place / "spark", place / "spark-events"
    for one in (folder, events):
        one.mkdir(exist_ok=True)
    (folder / "spark-defaults.conf").write_text(DEFAULTS.format(events=events, port=port))
    return {
        "SPARK_CONF_DIR": str(folder),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "DAYBREAK_SPARK_HISTORY": f"http://127.0.0.1:{port}",
    }


def history_server() -> list[str]:
    """The command that starts the history server, by the installed Spark."""
    spec = importlib.util.find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    launcher = Path(spec.origin).parent / "bin" / "spark-class"
    return [str(launcher), "org.apache.spark.deploy.history.HistoryServer"]
