"""Files that Nomad writes for a task."""

from typing import Any

from components.jobspec.nomad import Job, given, ns
from components.service.files import File, Script


def template(destination: str, text: str, *, env: bool = False, change_mode: str = "noop", **more: Any) -> Job:
    """Nomad's template. `more` are uid, gid, perms and delimiters, where they are given."""
    keys = {"perms": "Perms", "uid": "Uid", "gid": "Gid", "left": "LeftDelim", "right": "RightDelim"}
    return {
        "DestPath": destination,
        "EmbeddedTmpl": text,
        "ChangeMode": change_mode,
        **given(Envvars=env or None, **{keys[key]: value for key, value in more.items()}),
    }


def file_template(destination: str, file: File) -> Job:
    """The template of a user's file."""
    owner: dict[str, Any] = {"perms": file.perms, "uid": file.uid, "gid": file.gid}
    if file.source_path is not None:
        entry = template(destination, "", env=file.env, change_mode=file.change_mode, **owner)
        del entry["EmbeddedTmpl"]
        return {**entry, "SourcePath": file.source_path, **_of_template(file)}
    assert file.text is not None, "files from the service's folder have been read"
    if not file.template:
        left, right = _unused_delimiters(file.text)
        # Nomad takes no empty template; an action without a result is an empty file.
        text = file.text or '{{ "" }}'
        return template(destination, text, env=file.env, left=left, right=right, **owner)
    entry = template(destination, file.text or '{{ "" }}', env=file.env, change_mode=file.change_mode, **owner)
    return {**entry, **_of_template(file)}


def _of_template(file: File) -> Job:
    """What only a template has: Nomad fills it in."""
    changes = file.change_mode != "noop"
    return given(
        Splay=ns(file.splay_s) if changes else None,
        ChangeSignal=file.change_signal if changes else None,
        ChangeScript=None if file.change_script is None else _script(file.change_script),
        LeftDelim=file.left_delimiter,
        RightDelim=file.right_delimiter,
        Once=file.once or None,
        ErrMissingKey=file.error_on_missing_key or None,
        Wait=None if file.wait is None else {"Min": ns(file.wait.min_s), "Max": ns(file.wait.max_s)},
    )


def _script(script: Script) -> Job:
    return {
        "Command": script.command,
        "Args": list(script.args),
        "Timeout": ns(script.timeout_s),
        "FailOnError": script.fail_on_error,
    }


def _unused_delimiters(text: str) -> tuple[str | None, str | None]:
    """Delimiters that the text does not hold, so that it stays as it is; None for Nomad's own, if they will do."""
    if "{{" not in text:
        return None, None
    length = 2
    while "[" * length in text:
        length += 1
    return "[" * length, "]" * length
