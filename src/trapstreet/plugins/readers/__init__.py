"""What reads free text. One file in this folder is one kind, and its class a `Reader`.

Texts are somebody else's: a kind reads them in the sandbox, in bounded time and memory, and fetches nothing.
"""
