"""Runs the Nomad provider and writes its profile to the file that BENCH_PROFILE names when it ends."""

import cProfile
import os
import time

profile = cProfile.Profile(time.process_time)
profile.enable()
from providers.nomad.__main__ import NomadPlugin  # noqa: E402 - its imports are part of what is profiled
from providers.server import run  # noqa: E402

run(NomadPlugin)
profile.disable()
profile.dump_stats(os.environ["BENCH_PROFILE"])
