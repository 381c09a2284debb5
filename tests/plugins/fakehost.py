"""The host of the laboratory, under the name that tests know it by."""

from devnet.plugins.lab.host import LabHost
from devnet.plugins.lab.links import LINK_MS, LabNode

FakeHost, FakeNode = LabHost, LabNode

__all__ = ["LINK_MS", "FakeHost", "FakeNode"]
