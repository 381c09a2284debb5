"""The pages under docs/consensus say what the engines are."""

import importlib
from pathlib import Path

import pytest

from devnet.engine.interfaces import ConsensusError
from devnet.plugins import BUILTIN_ENGINES, load_engine

FOLDER = Path(__file__).parent.parent.parent / "docs" / "consensus"
MODULES = {
    "solo": ("header_rules",),
    "poa": ("header_rules", "poa"),
    "pbft": ("header_rules", "pbft"),
    "pow": ("header_rules", "pow"),
    "pos": ("header_rules", "certificate", "slots", "pos"),
    "dpos": ("header_rules", "dpos"),
    "dpos-bbft": ("header_rules", "certificate", "dpos_bbft", "vapor_turns"),
    "bbft": ("header_rules", "certificate", "bbft"),
}


@pytest.mark.parametrize("name", BUILTIN_ENGINES)
def test_every_engine_has_a_page_with_its_finality_and_parameters(name: str):
    info = load_engine(name).info
    page = (FOLDER / f"{name}.md").read_text()
    assert f"| finality | {info.finality}: " in page
    assert f"| closing blocks before a swap | {info.closing_blocks} |" in page
    for param in info.params:
        assert f"| `{param.name}` | {param.default} | {param.meaning} |" in page


@pytest.mark.parametrize("name", BUILTIN_ENGINES)
def test_every_refusal_of_an_engine_is_on_its_page(name: str):
    page = (FOLDER / f"{name}.md").read_text()
    certified = load_engine(name).info.finality == "certificate"
    for module_name in MODULES[name]:
        module = importlib.import_module(f"devnet.plugins.{module_name}")
        codes = [
            thing.code
            for thing in vars(module).values()
            if isinstance(thing, type) and issubclass(thing, ConsensusError)
            if thing.__module__ == module.__name__
        ]
        missing = [code for code in codes if f"`{code}`" not in page]
        # With certificates, H1 takes the place of the plain rule for `justify`.
        plain = certified and name != "pbft"
        allowed = {"consensus.wrong-justify"} if plain else set()
        assert set(missing) == allowed & set(codes)
