"""A service as a Nomad job, in the JSON of Nomad's HTTP API. Pure: equal arguments give equal jobs."""

from components.jobspec.job import Placement, build_job
from components.jobspec.nomad import Job
from components.jobspec.secrets import variable_path

__all__ = ["Job", "Placement", "build_job", "variable_path"]
