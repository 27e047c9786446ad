"""Values that too many records share are set aside, and it is said; an index of old is made again."""
