"""How steps use Spark: the session, passes over units, parts of results, names in its UI."""
