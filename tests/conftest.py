"""What all tests share."""

from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.where_time_goes",
    "tests.cluster.folders",
    "tests.cluster.change_options",
    "tests.faults.report",
    "tests.guarded",
]

# How long an example takes, or is looked for, is the machine's doing, and no fault.
settings.register_profile("random", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# A change is not to fail for what another one has brought in; `make faults` looks for new examples.
settings.register_profile("the same each time", settings.get_profile("random"), derandomize=True)
settings.load_profile("the same each time")
