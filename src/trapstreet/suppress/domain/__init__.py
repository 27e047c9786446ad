"""What suppression decides, without input or output."""
