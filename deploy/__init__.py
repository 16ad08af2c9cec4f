"""What runs Daybreak elsewhere: images, compose, Kubernetes, Slurm; and checks of all that."""
