"""What all tests share."""

pytest_plugins = [
    "tests.where_time_goes",
    "tests.cluster.folders",
    "tests.cluster.change_options",
    "tests.faults.report",
]
