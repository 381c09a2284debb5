"""What tests of several rooms share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devnet.worker import InProcessWorks


@pytest.fixture(scope="session")
def real_works() -> Iterator[InProcessWorks]:
    """Tensority itself, in this process; what one test mined the next need not."""
    works = InProcessWorks()
    yield works
    works.close()
