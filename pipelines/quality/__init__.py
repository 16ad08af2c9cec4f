"""Quality: signals from compiled kernels, published rules as data, decisions, and C4's line editing."""
