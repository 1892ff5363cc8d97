"""Resource provider plugins that the Pulumi engine starts: the only code that talks to Nomad, Consul and registries."""
