"""
The files http-api*.json: conversations with nodes, known by their content.

Only a node can hold them, and this room stands below the one that has it. Whoever runs
files brings the way to hold them (`Converse`); without it they count as failed.
"""

from __future__ import annotations

from collections.abc import Mapping

from devnet.conformance.sections import Family, Opened, Section, marks

NOT_RUN = "a conversation with a node's HTTP API, and no node is at hand"


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
