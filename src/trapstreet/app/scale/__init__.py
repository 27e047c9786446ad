"""Scans in units of work: handed out to the nodes of a Ray cluster, or written down to be gone on with.

`units` cuts what is listed, `station` searches a unit, `running` adds up what the units gave, `finished`
notes it. For a cluster besides: `job` says what a node must have, `cluster` hands out, `node` runs there,
`tries` judges what dies. docs/adr/0021-scale.md
"""
