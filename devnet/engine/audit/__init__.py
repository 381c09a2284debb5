"""The auditor's rooms: values, one per kind of invariant, and the audit itself."""

from devnet.engine.audit.auditor import INVARIANTS, Invariant, audit
from devnet.engine.audit.order import (
    check_finality,
    check_quiet_pool,
    check_quiet_swap,
)
from devnet.engine.audit.values import (
    LEFT,
    RIGHT,
    AuditReport,
    Books,
    Finding,
    Sums,
)

__all__ = [
    "INVARIANTS",
    "LEFT",
    "RIGHT",
    "AuditReport",
    "Books",
    "Finding",
    "Invariant",
    "Sums",
    "audit",
    "check_finality",
    "check_quiet_pool",
    "check_quiet_swap",
]
