"""
What a plug-in says when the package that it stands on is not installed.

The devnet comes without these packages; whoever chooses such a plug-in gets the command
that installs them.
"""

from __future__ import annotations

import sys

from devnet.engine.interfaces import PluginError


class MissingPackage(PluginError):
    """The plug-in needs a package that does not come with the devnet."""

    code = "plugin.missing-package"


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
