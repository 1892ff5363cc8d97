"""BENCH_SIZE microservices of our components, with an image in the cluster's registry; otherwise as jobs.py."""

import os

from components import Microservice

size = int(os.environ["BENCH_SIZE"])
changed = int(os.environ["BENCH_CHANGED"])
version = int(os.environ["BENCH_VERSION"])
base = int(os.environ["BENCH_BASE"])

for number in range(size):
    Microservice(
        f"{os.environ['BENCH_PREFIX']}-{number:06}",
        {
            "version": f"1.0.{version if number < changed else base}",
            "image": os.environ["BENCH_IMAGE"],
            "ports": {"http": {"to": 8080}},
            "check": {"path": "/health"},
            "count": 0,
        },
    )
