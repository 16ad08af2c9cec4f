"""What the DAG files are made of: tasks from a recipe, a trigger, links, alerts. Imports neither Spark nor torch."""
