"""For Airflow's plugins folder: registers the page server of the reports."""

from daybreak.airflow.plugin import DaybreakPlugin

__all__ = ["DaybreakPlugin"]
