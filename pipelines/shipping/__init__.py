"""What a cluster is sent: the zip of the project, and the packed Python environment."""
