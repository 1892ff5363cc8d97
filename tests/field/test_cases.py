"""What users of this and of other tools met in the field comes out right. A case is a file: see case.py."""

from pathlib import Path

import pytest

from tests.field.case import CASES, run
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("file", sorted(CASES.glob("*.yaml")), ids=lambda file: file.stem)
def test_case(file: Path, stack: Stack) -> None:
    run(file, stack)
