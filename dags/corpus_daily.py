"""# corpus_daily

One logical date is one day of input: it is read, filtered, compared with the history of the days before, encoded,
judged by the gates, and published as an edition of its own.

The recipe is `DAYBREAK_DAILY_RECIPE` (default conf/recipes/daily.yaml) below `DAYBREAK_HOME`; its section `schedule`
says when. The day is the UTC date of the logical date, for a run that the schedule, a back-fill or a person started.
The run of a day starts after that day has ended. Days may overlap up to `schedule.max_active_runs`; each waits with its
dedup for earlier days that are running, not for days that failed. Clear a task, or a whole day, to run it again: what
is done is found done.
"""

from airflow.sdk import DAG

from daybreak.airflow import assets
from daybreak.airflow.daily import timing
from daybreak.airflow.home import DAILY, outline, recipe_for
from daybreak.airflow.request import by_date, form
from daybreak.airflow.steps import Line, build, defaults
from daybreak.airflow.waiting import wanted

if path := recipe_for(DAILY):
    recipe = outline(path)
    with DAG(
        dag_id="corpus_daily",
        description=f"A day of input, one run: {recipe.name}",
        params=form(path, day=True, publish="publish" in wanted(recipe)),
        default_args=defaults(recipe),
        tags=["daybreak"],
        doc_md=__doc__,
        **timing(recipe.schedule),
    ) as dag:
        build(Line(recipe, by_date, assets.corpus(recipe.name)))
