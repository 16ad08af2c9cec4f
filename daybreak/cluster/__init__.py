"""Clusters: what a file in conf/spark says, and the spark-submit command for a step of a recipe."""

from daybreak.cluster.command import Submission, argv
from daybreak.cluster.load import load_cluster
from daybreak.cluster.model import Cluster

__all__ = ["Cluster", "Submission", "argv", "load_cluster"]
