"""Models that leave this installation: as a folder, or to a repository of the Hub."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from emostudio.jobs.card import for_hub
from emostudio.jobs.incoming import CONFIG, SPOKEN_BY, WEIGHTS

README = "README.md"


def write_folder(model: Path, card: str, net: str, target: Path) -> Path:
    """Write a model's files and its card, as a repository of the Hub has them, into a new folder.

    Raises:
        ValueError: there is something already, or it can't be written there.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ValueError(f"There is something in {target} already. Choose a new folder.")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in (CONFIG, WEIGHTS, SPOKEN_BY):
            if (model / name).is_file():
                shutil.copyfile(model / name, target / name)
        text = for_hub(card, net, languages(model))
        (target / README).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"The model can't be written to {target}: {error.strerror}.") from error
    return target


def push_folder(
    folder: Path, repo_id: str, *, token: str, private: bool, message: str, endpoint: str = ""
) -> str:
    """Push a folder to a repository of models, which is made where it is not there.

    Args:
        folder: what to push.
        repo_id: account/name.
        token: of an account that may write there.
        private: whether a new repository is seen by its account alone.
        message: what the commit says.
        endpoint: another server than huggingface.co.

    Returns:
        The address of the repository.

    Raises:
        ValueError: the Hub refuses it or can't be reached.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        HTTPError,
        OfflineModeIsEnabled,
    )

    if not token:
        raise ValueError(
            "There is no token of Hugging Face. Make one that may write at "
            "https://huggingface.co/settings/tokens and set HF_TOKEN."
        )
    if repo_id.count("/") != 1:
        raise ValueError(f"'{repo_id}' is no repository; write account/name.")
    hub = HfApi(endpoint=endpoint or None, token=token)
    try:
        address = hub.create_repo(repo_id, private=private, exist_ok=True)
        hub.upload_folder(repo_id=repo_id, folder_path=folder, commit_message=message)
    except HFValidationError as error:
        raise ValueError(f"'{repo_id}' is no name of a repository: {error}") from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        why = {
            401: "the token is wrong or has run out",
            403: "the token may not write there",
            404: "there is no such account, or the token may not see it",
        }
        reason = why.get(status, str(error).strip().splitlines()[0])
        raise ValueError(f"Hugging Face refused '{repo_id}': {reason}.") from error
    except (HTTPError, OfflineModeIsEnabled, OSError) as error:
        raise ValueError(
            f"Hugging Face can't be reached: {str(error).strip() or type(error).__name__}. "
            "Check the network, then try again."
        ) from error
    return str(address)


def languages(model: Path) -> Sequence[str]:
    """Return the languages of a model's voices; none where it has no voices."""
    file = model / SPOKEN_BY
    if not file.is_file():
        return ()
    voices = json.loads(file.read_text(encoding="utf-8"))
    return sorted({voice["lang"] for voice in voices.values()})
