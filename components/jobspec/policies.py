"""How instances are replaced, restarted, placed anew and scaled."""

from components.jobspec.nomad import Job, given, ns
from components.service.rollout import Disconnect, Migrate, Reschedule, Restart, Rollout, Scaling


def update(rollout: Rollout) -> Job:
    """Nomad's update."""
    return {
        "MaxParallel": rollout.max_parallel,
        "Canary": rollout.canary,
        "AutoPromote": rollout.promotes,
        "AutoRevert": rollout.auto_revert,
        "MinHealthyTime": ns(rollout.min_healthy_s),
        "HealthyDeadline": ns(rollout.healthy_deadline_s),
        "ProgressDeadline": ns(rollout.progress_deadline_s),
        **given(
            HealthCheck=rollout.health_check,
            Stagger=None if rollout.stagger_s is None else ns(rollout.stagger_s),
        ),
    }


def restart(restart: Restart) -> Job:
    """Nomad's restart policy."""
    return {
        "Attempts": restart.attempts,
        "Interval": ns(restart.interval_s),
        "Delay": ns(restart.delay_s),
        "Mode": restart.mode,
        **given(RenderTemplates=restart.render_templates or None),
    }


def reschedule(reschedule: Reschedule) -> Job:
    """Nomad's reschedule policy."""
    return {
        # Nomad takes limits only where they mean something.
        "Attempts": 0 if reschedule.unlimited else reschedule.attempts,
        "Interval": 0 if reschedule.unlimited else ns(reschedule.interval_s),
        "Delay": ns(reschedule.delay_s),
        "DelayFunction": reschedule.delay_function,
        "Unlimited": reschedule.unlimited,
        **given(MaxDelay=None if reschedule.max_delay_s is None else ns(reschedule.max_delay_s)),
    }


def scaling(scaling: Scaling) -> Job:
    """Nomad's scaling policy."""
    return {
        "Type": "horizontal",
        "Min": scaling.min,
        "Max": scaling.max,
        "Enabled": scaling.enabled,
        **given(Policy=scaling.policy or None),
    }


def migrate(migrate: Migrate) -> Job:
    """Nomad's migrate."""
    return {
        "MaxParallel": migrate.max_parallel,
        "HealthCheck": migrate.health_check,
        "MinHealthyTime": ns(migrate.min_healthy_s),
        "HealthyDeadline": ns(migrate.healthy_deadline_s),
    }


def disconnect(disconnect: Disconnect) -> Job:
    """Nomad's disconnect."""
    lost, stop = disconnect.lost_after_s, disconnect.stop_after_s
    return {
        "Replace": disconnect.replace,
        "Reconcile": disconnect.reconcile,
        **given(LostAfter=None if lost is None else ns(lost), StopOnClientAfter=None if stop is None else ns(stop)),
    }
