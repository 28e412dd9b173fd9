"""No file imports itself by way of others, for types or at run time; the contracts of `make check` hold the floors."""

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

PACKAGES = ("folkmoot_protocol", "folkmoot_governance", "folkmoot_server", "folkmoot_client")


def imports_of(*packages: str) -> dict[str, set[str]]:
    """Return the modules that each module imports."""
    graph = grimp.build_graph(*packages, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def test_there_is_no_circle_between_files() -> None:
    imports = imports_of(*PACKAGES)
    assert len(imports) > 200
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))
