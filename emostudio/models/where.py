"""Where a checkpoint lies, and its hash; asked without torch, by pages and by `checkpoint.Store`.

Each name is looked for in the user's own models first (`EMOSTUDIO_MODELS`, a folder or a Hugging
Face repository id), then among those that ship.
"""

import hashlib
from pathlib import Path


def folder_of(name: str, shipped: Path, own: str = "") -> Path:
    """The folder of a checkpoint; `shipped` has one a name, `own` comes first where it has one.

    Raises:
        ValueError: `own` is neither a folder nor a repository that can be reached.
    """
    if own:
        base = Path(own) if Path(own).is_dir() else _download(own)
        if (base / name / "config.json").is_file():
            return base / name
    return shipped / name


def sha256_of(file: Path) -> str:
    """Hash of a file, as passports and the table of checkpoints give that of weights."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _download(repo_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        return Path(snapshot_download(repo_id, allow_patterns=["*.json", "*.safetensors"]))
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise ValueError(
            f"EMOSTUDIO_MODELS is '{repo_id}', which is neither a folder here nor a repository "
            "that can be downloaded now; correct it or unset it."
        ) from error
