"""Portal: HTML for people. Pages, view-models, templates, words and browser modules.

Exposes ``build_portal`` in :mod:`portal.build`, which :mod:`api.app` mounts; what it needs of
the service stands in :mod:`portal.facts`. Start at :mod:`portal.pages`. May import every room
below :mod:`api`.
"""
