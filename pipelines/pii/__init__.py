"""Personal data: finding it and putting placeholders in its place."""
