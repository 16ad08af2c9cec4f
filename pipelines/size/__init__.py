"""Forecasts of what a build takes: a sample of the input, laws for each step, earlier runs' metrics."""
