"""What registering decides, without input or output."""
