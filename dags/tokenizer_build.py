"""# tokenizer

The steps of a recipe up to its tokenizer, and no further, for a tokenizer that other recipes then take as finished
(`tokenizer.path`). The recipe is `DAYBREAK_TOKENIZER_RECIPE` (default conf/recipes/tokenizer.yaml), or another one by
the form. What stands in the workspace already is found done. Its asset says where the workspace is.
"""

from airflow.sdk import DAG

from daybreak.airflow import assets
from daybreak.airflow.home import TOKENIZER, outline, recipe_for
from daybreak.airflow.request import by_form, form
from daybreak.airflow.steps import Line, build, defaults

if (path := recipe_for(TOKENIZER)) and (recipe := outline(path)).tokenizer:
    with DAG(
        dag_id="tokenizer",
        description=f"Train the tokenizer of {recipe.name}",
        schedule=None,
        catchup=False,
        max_active_runs=1,
        params=form(path, day=True, publish=False),
        default_args=defaults(recipe),
        tags=["daybreak"],
        doc_md=__doc__,
    ) as dag:
        build(Line(recipe, by_form, assets.tokenizer(recipe.name), until="tokenizer"))
