"""What planting decides, without reading or writing."""
