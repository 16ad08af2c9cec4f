"""What decides the numbers of an update."""
