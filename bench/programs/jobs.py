"""BENCH_SIZE jobs through the SDK alone, detached; the first BENCH_CHANGED of them in version BENCH_VERSION, not 1."""

import json
import os

import pulumi_nomad as nomad

from bench.jobs import job

size = int(os.environ["BENCH_SIZE"])
changed = int(os.environ["BENCH_CHANGED"])
version = int(os.environ["BENCH_VERSION"])
base = int(os.environ["BENCH_BASE"])

for number in range(size):
    wanted = job(os.environ["BENCH_PREFIX"], number, version if number < changed else base)
    nomad.Job(wanted["ID"], jobspec=json.dumps(wanted), json=True, detach=True, purge_on_destroy=True)
