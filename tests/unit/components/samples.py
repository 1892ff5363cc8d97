"""Files as users write them."""

from pathlib import Path


def write_service(root: Path, name: str, text: str = "version: 1.0.0\nports: {http: {to: 80}}\n") -> Path:
    """A service with a Dockerfile; returns its folder."""
    folder = root / "services" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "service.yaml").write_text(text)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY app /\n")
    (folder / "app").write_text("app")
    return folder
