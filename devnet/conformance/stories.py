"""
The files http-api*.json: conversations with nodes, which this version does not run.

They are known by their content, so that whoever brings one is told what it is instead
of being told that it is unknown. They count as failed: nothing of them was checked.
"""

from __future__ import annotations

from collections.abc import Mapping

from devnet.conformance.sections import Family, Opened, Section, marks

NOT_RUN = "a conversation with a node's HTTP API, which this version does not have yet"


def _open(opened: Opened) -> Mapping[str, Section]:
    return {}


HTTP_STORIES = Family(
    "http-api",
    marks(
        "steps: endpoint http_status",
        "steps: endpoint response",
        "cases: request_raw response_raw",
        "cases: credentials path http_status",
        "clients: client endpoints",
        "log: conn frame_text",
        "log: conn dir",
        "coins: id amount",
        "cases: amount chosen change",
    ),
    _open,
    not_run=NOT_RUN,
)
