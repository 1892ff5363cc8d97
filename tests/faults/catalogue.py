"""The faults that the product must stand: numbered, named, with what is expected. Tests refer to them by number."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Expected:
    """A fault, and what must be true of it. "Serves" means that a load through Consul loses no request."""

    name: str
    outcome: str


FAULTS: dict[int, Expected] = {
    1: Expected("the image or its tag is missing", "refused before anything is registered; the old version serves"),
    2: Expected(
        "the registry refuses the credentials, or has nothing for the platform",
        "refused before anything is registered, and named",
    ),
    3: Expected(
        "the new version never gets healthy",
        "`up` fails within the job's deadline with the check's answer, events and log; the old version serves",
    ),
    4: Expected(
        "the new version crashes, exits or is killed for its memory",
        "`up` fails when the bounded restarts are spent; the old version serves",
    ),
    5: Expected(
        "a crash shortly after the minimum healthy time",
        "caught where a soak is asked for (`rollout.soak_s`); the old version serves",
    ),
    6: Expected("a slow start, within the deadline", "succeeds"),
    7: Expected("the very first version is bad", "told that nothing can be gone back to, and what is left"),
    8: Expected("the way back fails, too", "both are told; no loop; the state is true"),
    9: Expected("a good version after a failed one", "plain `up` works: no refresh, no import"),
    10: Expected(
        "Nomad cannot be reached",
        "an error with the address; an unknown outcome is read back; following goes on when it is back",
    ),
    11: Expected("Nomad is busy or fails for a while", "waited out where that is safe"),
    12: Expected("Consul cannot be reached during a rollout", "named as the cause; never called a success"),
    13: Expected("the image's registry cannot be reached", "build and push fail before any job changes"),
    14: Expected("Docker restarts during a rollout", "converges or fails in time"),
    15: Expected("`up` is killed at any moment", "one plain `up` converges: no duplicate, no orphan, no repair"),
    16: Expected("two `up`s at once; `pulumi cancel` during one", "one wins, the other changes nothing"),
    17: Expected("others change the job between preview and `up`", "refused, named by field; nothing is overwritten"),
    18: Expected("others stop, scale or delete the job", "shown as drift; `up` puts it right"),
    19: Expected(
        "no room: memory, CPU, disk, devices, ports, constraints",
        "told at preview with what is needed and what is free; nothing is registered",
    ),
    20: Expected("jobs that fit one by one, but not together", "warned of, with the sum"),
    21: Expected("the disk of the state is full", "a clear error; the state before stays readable"),
    22: Expected("the state is cut off, foreign or of a newer version", "a clear error, and the way back"),
    23: Expected("a secret", "nowhere in plain text"),
    24: Expected("a token that is missing, expired or too weak", "the missing right is named, before anything changes"),
    25: Expected("TLS with something wrong", "refused, and named"),
    26: Expected("a changed count only", "no instance restarts"),
    27: Expected("Ctrl-C during a rollout", "ends within seconds and says where it stands; the next `up` goes on"),
    28: Expected("no file descriptors or connections are left", "a clear error, nothing lost"),
    29: Expected(
        "good and bad deployments of five services, at random",
        "none loses a request; memory and open files of providers and servers do not grow",
    ),
    30: Expected(
        "the clock of the machine that deploys is wrong",
        "deployments succeed and fail as with a right one; the old version serves",
    ),
    31: Expected(
        "a job that stops what serves before its successor does",
        "said at preview and by `up`, with what to add; refused where `nomad:refuseDowntime` says so",
    ),
    32: Expected(
        "a canary beside a static port or a volume of one writer",
        "refused at preview, with the way that works and what it costs; the old version serves",
    ),
    33: Expected(
        "two clusters in one program, or a Consul that is another cluster's",
        "each is judged by its own Consul, or by Nomad alone, which is said; no healthy rollout is called failed",
    ),
    34: Expected(
        "a batch job that has ended and that Nomad has removed; runs of a periodic or parameterized job",
        "an unchanged program does not run it again; runs stop with their job, by number and name",
    ),
    35: Expected(
        "a saved plan of a stack of one service, and an update with --strict",
        "applied as it was approved: the plan knows every provider that the update asks; the old version serves",
    ),
}
