"""The provider plugin `pulumi-resource-consul`: serves those look-ups of the pulumi_consul SDK that components use."""
