import subprocess
import sys


def _python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_plugin_starts_without_the_sdk() -> None:
    program = "import sys, providers.protocol; print([name for name in sys.modules if name == 'pulumi'])"
    assert _python(program) == "[]"


def test_the_sdk_works_with_the_same_modules_whoever_is_first() -> None:
    check = (
        "from pulumi.runtime.proto import provider_pb2; from providers.protocol import provider_pb2 as ours; "
        "print(provider_pb2 is ours, pulumi.Output.__name__)"
    )
    assert _python(f"import providers.protocol, pulumi; {check}") == "True Output"
    assert _python(f"import pulumi, providers.protocol; {check}") == "True Output"
