"""What a scan decides, without input or output."""
