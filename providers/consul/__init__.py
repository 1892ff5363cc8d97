"""The provider plugin `pulumi-resource-consul`: serves the look-ups of the pulumi_consul SDK that the components use."""
