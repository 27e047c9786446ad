"""How rights on files are changed, and past uses judged by the rules and by the kernel."""
