#!/bin/sh
# `make faults`: runs all tests of faults, the long versions too, and writes the tables of README.md and docs/faults.md.
# Arguments go to pytest after ours, so that they win: FAULTS="--kill-rounds 50". The loops take two to three hours;
# where they ran before or beside, MORE_REPORTS names what they wrote by --fault-report.
set -eu
report=.caravan/faults.json
rm -f "$report"
pytest tests/faults tests/cluster -m fault --numprocesses 4 --dist loadfile --no-loadscope-reorder \
    --kill-rounds 500 --soak-deployments 200 --seed 1 --fault-report "$report" "$@"
# shellcheck disable=SC2086 # several names
python -m tests.faults.table "$report" ${MORE_REPORTS:-}
# Not faults, but what is random too: new examples, and changes of every key of jobs that have all of them.
pytest tests/unit --numprocesses 2 --hypothesis-profile random
pytest tests/cluster/test_every_change.py --diff-changes 20000
