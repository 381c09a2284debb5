"""What validators say to each other, word for word."""

from pathlib import Path

import pytest

from devnet.plugins import BUILTIN_ENGINES
from tests.plugins.transcripts import DASHES, engine_transcripts, play


@pytest.mark.parametrize("path", engine_transcripts(), ids=lambda path: path.stem)
def test_the_conversation_goes_as_written(path: Path):
    commands, _, written = path.read_text().partition(DASHES)
    assert play(commands) == written, (
        "if this change is meant: python -m tests.plugins.transcripts"
    )


def test_every_built_in_engine_has_a_transcript():
    told = {path.stem for path in engine_transcripts()}
    assert {f"engine-{name}" for name in BUILTIN_ENGINES} <= told
