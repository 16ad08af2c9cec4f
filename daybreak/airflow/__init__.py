"""What the DAG files are made of: tasks from a recipe, a trigger, links, alerts. Light: no Spark, no torch, no pyarrow."""
