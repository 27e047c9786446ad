"""How rights on SMB shares are changed, and past uses judged by the lists."""
