"""BENCH_SIZE jobs of one instance each, run by BENCH_DRIVER; each rollout is followed."""

import json
import os

import pulumi_nomad as nomad

from bench.jobs import instant

for number in range(int(os.environ["BENCH_SIZE"])):
    wanted = instant(os.environ["BENCH_PREFIX"], number, os.environ["BENCH_DRIVER"])
    nomad.Job(wanted["ID"], jobspec=json.dumps(wanted), json=True, purge_on_destroy=True)
