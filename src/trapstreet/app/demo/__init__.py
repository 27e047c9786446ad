"""The story that the product is for, told on made-up customers."""
