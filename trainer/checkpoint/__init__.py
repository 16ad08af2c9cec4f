"""State on disk that resumes exactly."""
