"""The provider plugin `pulumi-resource-nomad`: serves the types of the pulumi_nomad SDK."""
