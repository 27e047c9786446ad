"""Work that goes on by itself: jobs with schedules and leases, and the supervisor that runs all parts.

`loop` runs jobs in turn, each in a thread of its own; `supervisor` runs the trap and the worker as processes;
`status` says how the worker is. What the jobs are is told by app/jobs.
"""
