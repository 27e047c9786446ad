"""What sharing decides, without input or output."""
