"""From a Nomad job to a service.yaml that builds the very same job: the inverse of components/jobspec.

Right by construction: fields are guessed, the job is built from them, and whatever differs from the given job becomes
the service's `job:`.
"""
