"""What one hit tells of whoever made it: decisions without any input or output."""
