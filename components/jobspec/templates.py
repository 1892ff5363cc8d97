"""Files that Nomad writes for a task."""

from typing import Any

from components.jobspec.nomad import Job, given, ns
from components.service.files import File


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
    assert file.text is not None, "files from the service's folder have been read"
    owner: dict[str, Any] = {"perms": file.perms, "uid": file.uid, "gid": file.gid}
    if not file.template:
        left, right = _unused_delimiters(file.text)
        # Nomad takes no empty template; an action without a result is an empty file.
        text = file.text or '{{ "" }}'
        return template(destination, text, env=file.env, left=left, right=right, **owner)
    entry = template(destination, file.text or '{{ "" }}', env=file.env, change_mode=file.change_mode, **owner)
    if file.change_mode != "noop":
        entry |= given(Splay=ns(file.splay_s), ChangeSignal=file.change_signal)
    return entry


def _unused_delimiters(text: str) -> tuple[str | None, str | None]:
    """Delimiters that the text does not hold, so that it stays as it is; None for Nomad's own, if they will do."""
    if "{{" not in text:
        return None, None
    length = 2
    while "[" * length in text:
        length += 1
    return "[" * length, "]" * length
