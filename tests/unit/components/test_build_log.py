"""What is told of a failed build, from logs that Docker wrote."""

from pathlib import Path

import pytest

from components.build_log import BuildLog

FAILED_RUN = """
#0 building with "default" instance using docker driver

#7 [3/3] RUN echo hello && ls /nonexistent
#7 0.147 hello
#7 0.150 ls: cannot access '/nonexistent': No such file or directory
#7 ERROR: executor failed running [/bin/sh -c echo hello && ls /nonexistent]: exit code: 2
------
 > [3/3] RUN echo hello && ls /nonexistent:
0.147 hello
0.150 ls: cannot access '/nonexistent': No such file or directory
------
"""
FAILED_COPY = """
#0 building with "default" instance using docker driver

#7 [3/3] COPY servr.py ./
#7 ERROR: "/servr.py" not found: not found
------
 > [3/3] COPY servr.py ./:
------
"""
DOCKERFILE = """\
FROM base
# A comment.
RUN echo hello && \\
    # in between
    ls /nonexistent
COPY servr.py ./
"""


@pytest.fixture
def log(repository: Path) -> BuildLog:
    (repository / "Dockerfile").write_text(DOCKERFILE)
    log = BuildLog("web", repository / "Dockerfile")
    log.begin()
    return log


def test_names_the_line_and_shows_the_output_of_the_step(log: BuildLog) -> None:
    log.path.write_text(FAILED_RUN)
    assert log.failure("exit code: 2") == (
        "Dockerfile, line 3: the build failed in the step RUN echo hello && ls /nonexistent\n"
        "    hello\n"
        "    ls: cannot access '/nonexistent': No such file or directory\n"
        "  Whole log: .caravan/build/web.log"
    )


def test_shows_the_error_of_a_step_without_output(log: BuildLog) -> None:
    log.path.write_text(FAILED_COPY)
    assert log.failure("not found") == (
        "Dockerfile, line 6: the build failed in the step COPY servr.py ./\n"
        '    #7 ERROR: "/servr.py" not found: not found\n'
        "  Whole log: .caravan/build/web.log"
    )


def test_speaks_of_the_last_build_only(log: BuildLog) -> None:
    log.path.write_text(FAILED_RUN + FAILED_COPY)
    assert "COPY servr.py" in log.failure("not found")


def test_names_no_line_where_the_step_looks_different(log: BuildLog, repository: Path) -> None:
    (repository / "Dockerfile").write_text("FROM base\nCOPY ${FILE} ./\n")
    log.path.write_text(FAILED_COPY)
    assert log.failure("not found").startswith("Dockerfile: the build failed in the step COPY servr.py ./\n")


def test_shows_the_last_lines_of_a_long_output(log: BuildLog) -> None:
    log.path.write_text(FAILED_RUN.replace("0.147 hello\n0.150", "0.147 hello\n" * 100 + "0.150"))
    lines = log.failure("exit code: 2").splitlines()
    assert len(lines) == 32
    assert lines[-2].endswith("No such file or directory")


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (
            (
                "Error running buildx build: failed to solve: rpc error: code = Unknown desc = failed to solve with "
                "frontend dockerfile.v0: failed to create LLB definition: dockerfile parse error line 9: unknown "
                "instruction: RAN"
            ),
            "dockerfile parse error line 9: unknown instruction: RAN",
        ),
        (
            "failed to create Docker client: Cannot connect to the Docker daemon at unix:///x",
            "failed to create Docker client: Cannot connect to the Docker daemon at unix:///x",
        ),
    ],
)
def test_shows_the_error_where_no_step_failed(log: BuildLog, error: str, shown: str) -> None:
    assert log.failure(f"1 error occurred:\n\t* {error}\n\n") == f"Dockerfile: the build failed: {shown}"


def test_a_log_of_an_earlier_run_is_not_shown(log: BuildLog) -> None:
    log.path.write_text(FAILED_RUN)
    log.begin()
    assert log.failure("no connection") == "Dockerfile: the build failed: no connection"
