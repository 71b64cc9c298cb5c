"""Training, validation and measuring."""
