"""Rules between the values of a service, a file per concept. service_rules.py puts them together.

Sources: Nomad's own validation of jobs, and what its scheduler and its drivers cannot do.
"""
