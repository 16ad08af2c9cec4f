"""Looking at duplicates: rows of a finished workspace, found by column, and two texts side by side."""
