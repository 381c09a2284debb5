"""
How often Python looks for rubbish.

The engine makes values that refer to older values and never to one another in a ring,
so they go when nobody needs them, without being looked for. Looking costs a third of
the time of a full block, since every value of the world is visited again and again;
so the program looks seldom. Whoever embeds the engine decides for himself.
"""

from __future__ import annotations

import gc

YOUNG = 50_000
"""New objects between two looks at the young ones. Python's own number is 700."""


def look_seldom() -> None:
    """For this process, from now on."""
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
