"""The marks, one file each: a module here is registered by its presence, as its `MARK`."""
