"""# train

Trains a model on a corpus as soon as one is there: any update of a corpus asset starts a run, which trains on what the
newest event names (recipe and changes, such as the day) and writes the report anew. Started by hand, it trains on what
the form names. A training that was killed goes on from its last checkpoint. Where the recipe has no section `train`,
the run is skipped.
"""

from airflow.sdk import DAG, chain

from daybreak.airflow import assets
from daybreak.airflow.home import BUILD, DAILY, outline, recipe_for
from daybreak.airflow.request import form
from daybreak.airflow.steps import defaults
from daybreak.airflow.training import training

if paths := [path for variable in (DAILY, BUILD) if (path := recipe_for(variable))]:
    recipes = [outline(path) for path in paths]
    with DAG(
        dag_id="train",
        description="Train on every new corpus",
        schedule=assets.any_of(assets.corpus(recipe.name) for recipe in recipes),
        catchup=False,
        max_active_runs=1,
        params=form(paths[0], day=True, publish=False),
        default_args=defaults(recipes[0]),
        tags=["daybreak"],
        doc_md=__doc__,
    ) as dag:
        chain(*training())
