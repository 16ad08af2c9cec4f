"""# corpus_build

From the sources of one recipe to token shards: a task a step, a group a stage, reading mapped over the sources.

The recipe is `DAYBREAK_RECIPE` (default conf/recipes/sample.yaml) below `DAYBREAK_HOME`; another one, and changes of
its keys, can be given in the form. A task that runs again finds its step done. The DAG `train` follows by the asset.
"""

from airflow.sdk import DAG

from daybreak.airflow import assets
from daybreak.airflow.home import BUILD, outline, recipe_for
from daybreak.airflow.request import by_form, form
from daybreak.airflow.steps import Line, build, defaults
from daybreak.airflow.waiting import wanted

if path := recipe_for(BUILD):
    recipe = outline(path)
    with DAG(
        dag_id="corpus_build",
        description=f"From sources to token shards: {recipe.name}",
        schedule=None,
        catchup=False,
        max_active_runs=1,
        params=form(path, day=True, publish="publish" in wanted(recipe)),
        default_args=defaults(recipe),
        tags=["daybreak"],
        doc_md=__doc__,
    ) as dag:
        build(Line(recipe, by_form, assets.corpus(recipe.name)))
