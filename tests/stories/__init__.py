"""Stories: what happens to a consortium over days, told once and played on every engine.

Start with :class:`tests.stories.consortium.Consortium`, the fixture ``consortium``.
"""
