"""What OpenLineage is told of a step: data sets, columns, facets, parents, and how it gets there."""
