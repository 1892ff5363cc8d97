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
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
