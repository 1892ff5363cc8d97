#!/bin/sh
# Formatting, lint and types; all three are run even where an earlier one finds something.
failed=0
ruff format --check . || failed=1
ruff check . || failed=1
mypy || failed=1
exit $failed
