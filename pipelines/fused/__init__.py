"""The fused pass: from the bytes of a unit of input to its five tables, in one task."""
