"""What all tests share."""

pytest_plugins = ["tests.where_time_goes", "tests.cluster.folders", "tests.faults.report", "tests.guarded"]
