"""The steps of the line, one file each; `pipelines.registry` lists them in order."""
