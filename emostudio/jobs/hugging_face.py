"""Jobs on rented machines of Hugging Face, by `HfApi.run_job`; each has a private repository.

`inputs` in the repository is what a job needs: its errand, the corpus, the base, this package and
the shipped models. It is mounted in the job, where `away` works on it and uploads what comes of it
to `jobs/ID` while it runs. From there it is brought here, so that a job is looked at in the same
way wherever it runs. The states of the optimizer stay there, for a job that is resumed. When a job
is deleted so is its repository, and with it the voices in it.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile

from emostudio.jobs import run_folder
from emostudio.jobs.backend import Handle, Usage
from emostudio.jobs.run_folder import CHECKPOINT, ERRAND, ERRORS, EVENTS, GATE, SAMPLES
from emostudio.jobs.tuning import Errand
from emostudio.settings import Settings

if TYPE_CHECKING:
    from huggingface_hub import HfApi

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "python:3.12"
REPOSITORY = "emostudio-job-"  # and the id
LABEL = "emostudio"  # with a job's id: how it is found again
MOUNT = "/inputs"
# The rest of a run is resumed from where it is.
BROUGHT = (EVENTS, ERRORS, "run.json", f"{SAMPLES}/*", f"{GATE}/*", f"{CHECKPOINT}/*")
NO_TOKEN = "There is no Hugging Face token: set HF_TOKEN to one that may write and run jobs."


class HuggingFace:
    """Jobs of one account; `endpoint` is the hub's address."""

    name = "huggingface"
    slots = 2
    grace_s = 900.0  # to be told, to save and to upload

    def __init__(
        self,
        settings: Settings,
        *,
        endpoint: str | None = None,
        source: Path = ROOT,
        every_s: float = 20.0,
    ) -> None:
        """Use the token of the settings; `source` is run there, and asked for news `every_s`."""
        self.settings = settings
        self.source = source
        self._every_s = every_s
        self._endpoint = endpoint
        self._looked: dict[str, tuple[float, bool]] = {}
        self._fetched: dict[str, float] = {}

    def why_not(self) -> str:
        """Say why no job can run there; empty where one can."""
        return "" if self.settings.hf_token else NO_TOKEN

    def start(self, folder: Path, *, resume: bool) -> Handle:
        """Upload what a job needs in one commit, and rent a machine.

        Raises:
            ValueError: the hub refuses it: no right, no credit, no such hardware.
        """
        from huggingface_hub import Volume

        if why := self.why_not():
            raise ValueError(why)
        with _in_words():
            repository = self._repository(folder)
            self._api.create_repo(repository, repo_type="dataset", private=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as work:
                revision = self._upload(folder, Path(work))
            own = self.settings.models
            environment = {"EMOSTUDIO_MODELS": own} if own and not Path(own).is_dir() else {}
            job = self._api.run_job(
                image=IMAGE,
                command=[
                    "python",
                    f"{MOUNT}/away.py",
                    repository,
                    folder.name,
                    str(_attempt(folder)),
                    str(self._every_s),
                    *(["--resume"] if resume else []),
                ],
                env=environment,
                secrets={"HF_TOKEN": self.settings.hf_token},
                flavor=self.settings.hf_flavor,
                timeout=self.settings.hf_timeout,
                labels={LABEL: folder.name},
                volumes=[
                    Volume(
                        type="dataset",
                        source=repository,
                        mount_path=MOUNT,
                        revision=revision,
                        path="inputs",
                        read_only=True,
                    )
                ],
                namespace=self._account,
            )
        return {"id": job.id, "url": job.url}

    def find(self, folder: Path) -> Handle | None:
        """Return the handle of a job that waits or runs there, whoever started it."""
        with _in_words():
            found = self._api.list_jobs(labels={LABEL: folder.name}, namespace=self._account)
            for job in found:
                if not _is_over(job):
                    return {"id": job.id, "url": job.url}
        return None

    def lives(self, folder: Path, handle: Handle) -> bool:
        """Tell whether it waits or runs; what was known a moment ago is believed."""
        at, lived = self._looked.get(handle["id"], (0.0, True))
        if lived and time.monotonic() - at > self._every_s / 2:
            with _in_words():
                lived = self._is_there(handle)
            self._looked[handle["id"]] = (time.monotonic(), lived)
        return lived

    def stop(self, folder: Path, handle: Handle) -> None:
        """Ask it to save and to end; one that still waits for a machine is taken back."""
        with _in_words():
            if self._job(handle).status.stage == "SCHEDULING":
                self._api.cancel_job(job_id=handle["id"], namespace=self._account)
                return
            self._api.upload_file(
                path_or_fileobj=b"stop",
                path_in_repo=f"stop-{_attempt(folder)}",
                repo_id=self._repository(folder),
                repo_type="dataset",
                commit_message="Stop",
            )

    def kill(self, folder: Path, handle: Handle) -> None:
        """End it as it is."""
        with _in_words():
            self._api.cancel_job(job_id=handle["id"], namespace=self._account)

    def fetch(self, folder: Path, handle: Handle) -> None:
        """Bring here what it uploaded; once it is over, and at times before."""
        over = not self.lives(folder, handle)
        if not over and time.monotonic() - self._fetched.get(folder.name, 0.0) < self._every_s:
            return
        from huggingface_hub.errors import RepositoryNotFoundError
        from tqdm import tqdm

        self._fetched[folder.name] = time.monotonic()
        with _in_words(), suppress(RepositoryNotFoundError):
            self._api.snapshot_download(
                self._repository(folder),
                repo_type="dataset",
                allow_patterns=[f"jobs/{folder.name}/{pattern}" for pattern in BROUGHT],
                local_dir=folder.parents[1],
                tqdm_class=partial(tqdm, disable=True),  # type: ignore[arg-type]
            )
        if over and run_folder.events(folder)[-1].kind == "phase":
            with suppress(OSError, ValueError), _in_words():  # it may be gone
                self._bring_log(folder, handle)

    def usage(self, folder: Path, handle: Handle) -> Usage:
        """Tell the hardware; its memory comes with the events."""
        return Usage(f"Hugging Face, {self.settings.hf_flavor}")

    def forget(self, folder: Path) -> None:
        """Delete the repository of a job."""
        with _in_words():
            self._api.delete_repo(self._repository(folder), repo_type="dataset", missing_ok=True)

    @cached_property
    def _api(self) -> HfApi:
        from huggingface_hub import HfApi

        return HfApi(endpoint=self._endpoint, token=self.settings.hf_token)

    @cached_property
    def _account(self) -> str:
        return self._api.whoami()["name"]

    def _repository(self, folder: Path) -> str:
        return f"{self._account}/{REPOSITORY}{folder.name.lower()}"

    def _is_there(self, handle: Handle) -> bool:
        from huggingface_hub.errors import HfHubHTTPError

        try:
            return not _is_over(self._job(handle))
        except HfHubHTTPError as error:
            if error.response.status_code == 404:  # its account has deleted it
                return False
            raise

    def _job(self, handle: Handle) -> Any:
        return self._api.inspect_job(job_id=handle["id"], namespace=self._account)

    def _bring_log(self, folder: Path, handle: Handle) -> None:
        """Keep what the machine said of a job that could not tell itself how it ended."""
        said = list(self._api.fetch_job_logs(job_id=handle["id"], namespace=self._account, tail=40))
        status = self._job(handle).status
        said.append(f"Hugging Face: {status.stage.lower()}, {status.message or 'no word why'}")
        with (folder / ERRORS).open("a", encoding="utf-8") as file:
            file.write("\n".join(said) + "\n")

    def _upload(self, folder: Path, work: Path) -> str:
        """Upload the inputs of a job in one commit and return its hash."""
        from huggingface_hub import CommitOperationAdd

        errand = Errand.read(folder / ERRAND)
        trees = {"corpus": errand.corpus, "base": errand.base}
        if errand.tuning.rehearse_with:
            trees["rehearsed"] = Path(errand.tuning.rehearse_with)
        if self.settings.models and Path(self.settings.models).is_dir():
            trees["models"] = Path(self.settings.models)
        files = {
            f"inputs/{name}/{file.relative_to(tree).as_posix()}": file
            for name, tree in trees.items()
            for file in sorted(tree.rglob("*"))
            if file.is_file()
        }
        pack_source(self.source, work / "source.zip")
        _errand_away(errand, work / ERRAND)
        away = self.source / "emostudio" / "jobs" / "away.py"
        for file in (work / "source.zip", work / ERRAND, away):
            files[f"inputs/{file.name}"] = file
        for name in (EVENTS, ERRORS):  # it goes on writing these
            files[f"jobs/{folder.name}/{name}"] = folder / name
        commit = self._api.create_commit(
            self._repository(folder),
            [CommitOperationAdd(path, file) for path, file in files.items()],
            commit_message=f"Attempt {_attempt(folder)}",
            repo_type="dataset",
        )
        return commit.oid


def pack_source(root: Path, file: Path) -> None:
    """Put the package, what it requires, and the shipped models into a zip."""
    files = [root / "requirements.txt", root / "pyproject.toml", root / "README.md"]
    files += [f for f in (root / "emostudio").rglob("*") if "__pycache__" not in f.parts]
    files += (root / "checkpoints").rglob("*")
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for path in files:
            if path.is_file():
                archive.write(path, path.relative_to(root))


def _errand_away(errand: Errand, file: Path) -> None:
    """Write an errand whose paths are those below the mount and below the job's own folder."""
    told = {
        "tuning": errand.tuning.to_json()
        | {"rehearse_with": "rehearsed" if errand.tuning.rehearse_with else ""},
        "corpus": "corpus",
        "base": "base",
        "pack": "pack",
        "probe": errand.probe,
    }
    file.write_text(json.dumps(told, indent=2), encoding="utf-8")


def _attempt(folder: Path) -> int:
    attempts = [e.values["attempt"] for e in run_folder.events(folder) if "attempt" in e.values]
    return int(attempts[-1]) if attempts else 1


def _is_over(job: Any) -> bool:
    return job.status.stage not in ("SCHEDULING", "RUNNING")


@contextmanager
def _in_words() -> Iterator[None]:
    """Say what went wrong: ValueError for what the hub refuses, OSError for what may pass.

    Raises:
        ValueError: there is no right, no credit or no such hardware.
        OSError: the hub can't be reached, or is in trouble.
    """
    from huggingface_hub.errors import HfHubHTTPError, HTTPError

    try:
        yield
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status in (400, 401, 402, 403, 422):
            raise ValueError(
                f"Hugging Face refuses this ({status}): {error.server_message or error}. Check "
                "the rights of HF_TOKEN, the credit of its account and EMOSTUDIO_HF_FLAVOR."
            ) from error
        raise OSError(f"Hugging Face answers {status}; it is asked again.") from error
    except HTTPError as error:
        raise OSError(f"Hugging Face can't be reached: {error}") from error
