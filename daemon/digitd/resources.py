"""Where the files that travel with digitd are, in an installed wheel or in a checkout."""

from pathlib import Path


def shipped(name: str) -> Path:
    """Path of a shipped file or folder: `config.toml`, `migrations`, `models`.

    Raises
    ------
    FileNotFoundError
        The installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "_shipped", package.parent.parent):
        path = root / name
        if path.exists():
            return path
    raise FileNotFoundError(f"{name} is missing from this installation of digitd: install it again")
