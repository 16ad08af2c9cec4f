"""Which documents go where in training: quotas by tokens, epochs, order, shards."""

from pipelines.mixture.apportion import Quota, apportion, quotas
from pipelines.mixture.plan import Mixture

__all__ = ["Mixture", "Quota", "apportion", "quotas"]
