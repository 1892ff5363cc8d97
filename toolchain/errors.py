"""The one error that the toolchain's commands print as a sentence."""


class ToolchainError(Exception):
    """Something that the user can act on: its text says what was found and what to do."""
