"""Portal: HTML for people. Pages, view-models, templates and browser modules.

Exposes ``build_portal`` in :mod:`portal.build`, which :mod:`api.app` mounts. May import
every room below :mod:`api`.
"""
