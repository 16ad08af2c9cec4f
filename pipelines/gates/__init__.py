"""Gates: values of a run against bounds of its recipe, and against editions of earlier days."""
