"""What is observed while training."""
