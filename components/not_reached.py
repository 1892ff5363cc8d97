"""Which services are left as they are when one that they call fails."""

from collections.abc import Sequence

import pulumi

_JOB = "nomad:index/job:Job"


def tell_what_is_not_reached(service: str, waiting: Sequence[str]) -> pulumi.ResourceTransformation:
    """For the options of a service's component: if its job fails, says which services were not reached.

    Args:
        service: the service.
        waiting: the services that wait for it. None: there is nothing to tell.
    """

    def tell(_: pulumi.ErrorHookArgs) -> bool:
        """Adds a sentence to the job's error. No retry."""
        pulumi.log.error(f'not reached because "{service}" failed: {", ".join(waiting)}')
        return False

    # A component's own hooks do not reach the resources in it; transformations do.
    def add_hook(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != _JOB or not waiting:
            return None
        hook = pulumi.ErrorHook(f"{service}-not-reached", tell)
        opts = pulumi.ResourceOptions.merge(
            args.opts, pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(on_error=[hook]))
        )
        return pulumi.ResourceTransformationResult(args.props, opts)

    return add_hook
