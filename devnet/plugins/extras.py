"""
What a plug-in says when what it stands on is not there: a package, or a server.

The devnet comes without these packages; whoever chooses such a plug-in gets the command
that installs them. The errors stand here, so that they are known without them.
"""

from __future__ import annotations

import sys

from devnet.engine.interfaces import PluginError, StorageError


class MissingPackage(PluginError):
    """The plug-in needs a package that does not come with the devnet."""

    code = "plugin.missing-package"
    default_hint = "Install it with pip; the error itself names the command."


class ServerUnreachable(StorageError):
    """No database server is named, or it does not answer, or it went away."""

    code = "storage.unreachable"
    default_hint = "Set DEVNET_POSTGRES to its connection string, and start it."


def missing_package(
    plugin: str, requirement: str, error: ImportError
) -> MissingPackage:
    """
    The error of a plug-in without its package.

    Args:
        requirement: what pip is to install, as pyproject.toml has it.
    """
    command = f'{sys.executable or "python"} -m pip install "{requirement}"'
    return MissingPackage(
        f"{plugin} needs a package that is not installed ({error})",
        hint=f"Install it with: {command}",
        plugin=plugin,
        requirement=requirement,
    )
