"""The example in docs/measures.md is a file that works."""

from __future__ import annotations

import re
from pathlib import Path

from services.cityscore.catalogue import load_catalogue
from services.scorer.measures import compile_measures
from tests.docs.reference import DOCS


def test_the_example_of_a_citys_own_kpi_loads_and_compiles(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (DOCS / "measures.md").read_text("utf-8"), re.DOTALL)
    (example,) = (block for block in blocks if block.startswith("number: 17"))
    (tmp_path / "river.yaml").write_text(example, "utf-8")
    catalogue = load_catalogue(own=tmp_path)
    assert [kpi.code for initiative in catalogue.additional for kpi in initiative.kpis] == ["17.1"]
    compile_measures(catalogue)
