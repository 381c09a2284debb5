"""The examples of docs/http.md, run in their order in one shell."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.api.test_serving import served

PAGE = Path(__file__).resolve().parents[2] / "docs/http.md"
SCRIPT = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))
CODES = re.findall(r"# (BTM\d{3})", SCRIPT)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_examples_of_the_page_do_what_it_says():
    with served() as (_, ready):
        done = subprocess.run(
            ["sh", "-e"], input=SCRIPT, capture_output=True, text=True, timeout=60,
            env={**os.environ, "NODE": ready["mainchain"]},
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    said = [answer.get("code", answer["status"]) for answer in answers]

    shown = SCRIPT.count("\ncurl ") + SCRIPT.startswith("curl ")
    assert len(CODES) == 4
    assert said == ["success"] * (shown - len(CODES)) + CODES
