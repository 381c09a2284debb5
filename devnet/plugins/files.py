"""
Plug-ins that stand in a file of their own: `--plugin FILE` reads it, and whatever class
in it has an `info` of an engine or of a store is one.
"""

from __future__ import annotations

import sys
from hashlib import sha3_256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from devnet.engine.interfaces import EngineInfo, PluginError, StoreInfo


class NoPluginFile(PluginError):
    """There is no file at the path from which a plug-in should be read."""

    code = "plugin.no-such-file"
    default_hint = "Name a Python file that defines an engine or a store."


class BrokenPluginFile(PluginError):
    """The file cannot be run as Python, or defines neither an engine nor a store."""

    code = "plugin.broken-file"
    default_hint = "docs/plugins.md has an engine and a store to begin with."


class PluginNameTaken(PluginError):
    """A file brings a plug-in under a name that belongs to another one."""

    code = "plugin.name-taken"
    default_hint = "Give it another name in its info."


def classes_in(path: Path) -> tuple[type, ...]:
    """
    The engines and stores that a file defines, in its order.

    Raises:
        NoPluginFile, BrokenPluginFile.
    """
    module = _module(path)
    found = tuple(
        each
        for each in vars(module).values()
        if isinstance(each, type)
        and each.__module__ == module.__name__
        and isinstance(getattr(each, "info", None), EngineInfo | StoreInfo)
    )
    if not found:
        raise BrokenPluginFile(
            f"{path} defines neither an engine nor a store",
            hint="A class is one when its info is an EngineInfo or a StoreInfo.",
            path=str(path),
        )
    return found


def version_of(plugin: type) -> str:
    """The `__version__` of the file in which a plug-in stands, if it has one."""
    module: Any = sys.modules.get(plugin.__module__)
    return str(getattr(module, "__version__", ""))


def _module(path: Path) -> ModuleType:
    """The file as a module; read once, however often it is named."""
    if path.is_dir():
        raise NoPluginFile(f"{path} is a folder, not a file", path=str(path))
    if not path.is_file():
        raise NoPluginFile(f"{path}: no such file", path=str(path))
    place = sha3_256(str(path.resolve()).encode()).hexdigest()[:8]
    name = f"devnet_plugin_{path.stem}_{place}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BrokenPluginFile(f"{path} is not a Python file", path=str(path))
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise BrokenPluginFile(
            f"{path} cannot be loaded: {_said(error)}",
            hint="Run it with python to see where.",
            path=str(path),
        ) from error
    return module


def _said(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}"
    return f"{type(error).__name__}: {error}"
