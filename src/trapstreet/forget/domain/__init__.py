"""What forgetting decides, without input or output."""
