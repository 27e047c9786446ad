"""The internet-facing process: hears breadcrumbs being used and keeps that for the worker, sealed.

It knows no breadcrumb, no customer and no key of the workspace: whoever breaks in learns what is heard from
then on, and nothing else (docs/trap.md).
"""
