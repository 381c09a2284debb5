"""Where the reference's test data lies, for tests."""

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "fixtures" / "vectors"


@cache
def vectors(name: str) -> dict[str, Any]:
    """The content of one vector file. Nobody changes it."""
    return json.loads((FOLDER / f"{name}.json").read_text())
