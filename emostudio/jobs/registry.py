"""Models that were made or uploaded here: what they are made of, and which of them are offered.

models/MODEL_ID holds config.json, model.safetensors, voices.json where it speaks, and CARD.md.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emostudio.data.begun import BEGUN, sweep
from emostudio.evaluation.gate import Gate
from emostudio.jobs import facts, handing_out, incoming, lock
from emostudio.jobs.card import written
from emostudio.jobs.incoming import CARD, CONFIG, SPOKEN_BY, WEIGHTS
from emostudio.jobs.run_folder import CHECKPOINT, GATE, GATE_REPORT
from emostudio.jobs.tuning import NAME, OFFERED, Tuning, free_name
from emostudio.models.where import sha256_of
from emostudio.settings import Settings
from emostudio.storage import authored, tuned
from emostudio.storage.ids import new_id
from emostudio.storage.tuned_tables import LIVE, Job, Model, Promotion

if TYPE_CHECKING:
    from emostudio.storage.database import Database

TURN = "offered.lock"  # held by the one process that writes it
UNCOMPARED = "It was compared with nothing here, so that nobody knows whether it is any better."


@dataclass(frozen=True)
class Known:
    """A checkpoint in use that was not made here: its net, hash, size and card."""

    net: str
    sha256: str
    size_bytes: int
    card: str
    folder: Path


class Models:
    """The registry: rows in the database, files in ROOT/models; threads may share it.

    A model is there as a whole or not at all: its row comes when its folder is whole.
    """

    def __init__(self, db: Database, root: Path, settings: Settings) -> None:
        """Keep models in `root`, `data_dir/tuned`, and tell anew what is offered."""
        self.db, self.root, self.settings = db, root, settings
        self._turn = threading.Lock()
        sweep(root / "models")
        self.publish()

    # --- what there is -------------------------------------------------------------------------

    def shipped(self) -> list[Known]:
        """Return the checkpoints in use that were not made here, by name."""
        found = []
        for net, folder in facts.checkpoints_in_use(self.settings).items():
            card = folder / CARD
            text = card.read_text(encoding="utf-8") if card.is_file() else ""
            file = folder / WEIGHTS
            found.append(Known(net, sha256_of(file), file.stat().st_size, text, folder))
        return found

    def all(self) -> list[Model]:
        """Return the models that are here, the newest first."""
        with self.db.read() as session:
            return tuned.models(session)

    def get(self, model_id: str) -> Model:
        """Return a model.

        Raises:
            ValueError: there is none of that id, or it was removed.
        """
        with self.db.read() as session:
            model = tuned.model_by_id(session, model_id)
        if model is None or model.removed_at is not None:
            raise ValueError("There is no such model any more. Choose another one.")
        return model

    def folder(self, model_id: str) -> Path:
        """Return the folder of a model's files."""
        return self.root / "models" / model_id

    def offered(self) -> list[Model]:
        """Return the models that are offered, the first promoted first."""
        with self.db.read() as session:
            known = {model.id: model for model in tuned.models(session)}
            return [known[model_id] for model_id in _in_order(tuned.offered(session), known)]

    def promotions(self, model_id: str) -> list[Promotion]:
        """Return when a model was promoted and rolled back, by whom and why; the oldest first."""
        with self.db.read() as session:
            return [each for each in tuned.promotions(session) if each.model_id == model_id]

    # --- how they come -------------------------------------------------------------------------

    def add_trained(self, job: Job, folder: Path) -> Model:
        """Take over what a job made; once, however often it is asked.

        Args:
            job: a job that is done.
            folder: the job's folder, with checkpoint/ and gate/.

        Raises:
            ValueError: the folder holds no whole checkpoint.
        """
        with self._turn:
            with self.db.read() as session:
                known = tuned.model_of_job(session, job.id)
            if known is not None:
                return known
            made = folder / CHECKPOINT
            for name in (CONFIG, WEIGHTS):
                if not (made / name).is_file():
                    raise ValueError(f"The job left no {name} in {made}. Run it again.")
            tuning = Tuning(**job.tuning)
            gate = Gate.read(folder / GATE) if (folder / GATE / GATE_REPORT).is_file() else None
            model = Model(
                net=tuning.base,
                made_by="trained",
                parents=facts.parents(tuning, folder, gate, self.settings),
                corpora=self._corpora(job, tuning),
                job_id=job.id,
                gate=None if gate is None else asdict(gate),
                actor=job.actor,
            )
            files = {n: made / n for n in (CONFIG, WEIGHTS, SPOKEN_BY) if (made / n).is_file()}
            return self._take_in(model, tuning.name, files, job=job, job_folder=folder)

    def upload(
        self, source: Path | Sequence[Path], *, name: str, actor: str, consent: str = ""
    ) -> Model:
        """Take over a checkpoint from a folder, a zip or a list of files.

        Weights that were compared here before keep what was found, under whatever name.

        Args:
            source: its files.
            name: what it is called from now on; small letters, digits and hyphens.
            actor: who brings it.
            consent: in which words it was said that everyone agrees whose voice it has; needed
                where it has voices.

        Raises:
            ValueError: it is none that can be trusted, consent is missing, or the name is taken;
                the sentence says why.
        """
        if not NAME.fullmatch(name):
            raise ValueError("Name it by 1 to 40 small letters, digits and hyphens, as in anna-2.")
        if name in {model.name for model in self.all()}:
            raise ValueError(f"There is a model '{name}' already. Choose another name.")
        with self._turn, tempfile.TemporaryDirectory() as unpacked:
            files = incoming.gather(source, Path(unpacked))
            net = incoming.check(files, facts.sizes_in_use(self.settings))
            if SPOKEN_BY in files and not consent.strip():
                raise ValueError(
                    f"There are voices in {SPOKEN_BY}: everyone whose voice it is must have agreed "
                    "to it. Say so before the model is taken over."
                )
            with self.db.read() as session:
                gate = facts.found_before(session, files, self.folder)
            told = {"parents": {}, "corpora": {}, "gate": gate, "actor": actor}
            model = Model(net=net, made_by="uploaded", **told)
            return self._take_in(model, name, files, consent=consent.strip())

    def _take_in(
        self,
        model: Model,
        name: str,
        files: Mapping[str, Path],
        *,
        job: Job | None = None,
        job_folder: Path | None = None,
        consent: str = "",
    ) -> Model:
        """Copy the files of a model, write its card, and add its row."""
        model.id = new_id()
        with self._begun(model.id) as begun:
            for each in (CONFIG, WEIGHTS, SPOKEN_BY):
                if each in files:
                    shutil.copyfile(files[each], begun / each)
            model.sha256 = sha256_of(begun / WEIGHTS)
            model.size_bytes = (begun / WEIGHTS).stat().st_size
            with self.db.write() as session:
                taken = {known.name for known in tuned.models(session)}
                # A job that has trained for hours does not fail for its name.
                model.name = free_name(name, taken) if job is not None else name
                told = facts.gathered(
                    session,
                    model,
                    self.settings,
                    job=job,
                    folder=job_folder,
                    own_card=incoming.own_card(files),
                    consent=consent,
                )
                model.card = written(told)
                (begun / CARD).write_text(model.card, encoding="utf-8")
                tuned.add_model(session, model)
                what = {"name": model.name, "net": model.net, "sha256": model.sha256}
                what |= {"consent": consent} if consent else {}
                action = "train model" if job is not None else "upload model"
                authored.audit(session, model.actor, action, subject=model.id, payload=what)
                begun.rename(self.folder(model.id))
        return self.get(model.id)

    @contextmanager
    def _begun(self, model_id: str) -> Iterator[Path]:
        """Give a folder that is gone again, under either name, if anything is raised."""
        begun = self.root / "models" / f"{BEGUN}{model_id}"
        begun.mkdir(parents=True)
        try:
            yield begun
        except BaseException:
            shutil.rmtree(begun, ignore_errors=True)
            shutil.rmtree(self.folder(model_id), ignore_errors=True)
            raise

    def _corpora(self, job: Job, tuning: Tuning) -> dict[str, str]:
        """The corpora behind a job, those of the model that it started from among them."""
        with self.db.read() as session:
            start = tuned.model_by_id(session, tuning.start) if tuning.start else None
            corpus = tuned.corpus_by_id(session, job.corpus_id)
        before = start.corpora if start is not None else {}
        return before | ({corpus.name: corpus.id} if corpus is not None else {})

    # --- which are offered ---------------------------------------------------------------------

    def refusals(self, model_id: str) -> tuple[str, ...]:
        """Return why a model may not be offered without a reason, a sentence each."""
        told = self.get(model_id).gate
        return Gate.from_json(told).refusals if told else (UNCOMPARED,)

    def promote(self, model_id: str, *, actor: str, reason: str = "") -> None:
        """Offer a model in Speak and Convert, from now on.

        Raises:
            ValueError: the gate refuses it or has measured nothing, and no reason is given; or its
                files were changed.
        """
        with self._turn:
            model, refused = self.get(model_id), self.refusals(model_id)
            if refused and not reason.strip():
                raise ValueError(
                    f"'{model.name}' is not offered. {' '.join(refused)} To offer it all the same, "
                    "give a reason, which is kept."
                )
            self._check_files(model)
            with self.db.write() as session:
                if model.id in tuned.offered(session):
                    return
                offer = Promotion(
                    model_id=model.id, offered=True, reason=reason.strip(), actor=actor
                )
                tuned.promote(session, offer)
                told = {"name": model.name, "reason": reason.strip(), "refusals": list(refused)}
                authored.audit(session, actor, "promote model", subject=model.id, payload=told)
        self.publish()

    def roll_back(self, model_id: str, *, actor: str) -> None:
        """Offer a model no more.

        Raises:
            ValueError: it is not offered.
        """
        model = self.get(model_id)
        with self._turn, self.db.write() as session:
            if model.id not in tuned.offered(session):
                raise ValueError(f"The model '{model.name}' is not offered.")
            tuned.promote(session, Promotion(model_id=model.id, offered=False, actor=actor))
            told = {"name": model.name}
            authored.audit(session, actor, "roll back model", subject=model.id, payload=told)
        self.publish()

    def publish(self) -> None:
        """Write offered.json anew from the database; a model whose files are gone is left out."""
        self.root.mkdir(parents=True, exist_ok=True)
        # Another process may have promoted one too: who writes last has read last.
        with self._turn, lock.turn(self.root / TURN):
            rows = [
                {
                    "name": model.name,
                    "net": model.net,
                    "folder": str(self.folder(model.id).absolute()),
                    "sha256": model.sha256,
                }
                for model in self.offered()
                if (self.folder(model.id) / WEIGHTS).is_file()
            ]
            text = json.dumps(rows, indent=1) + "\n"
            file = self.root / OFFERED
            if file.is_file() and file.read_text(encoding="utf-8") == text:
                return
            beside = file.with_name(f"{OFFERED}.{os.getpid()}")
            beside.write_text(text, encoding="utf-8")
            beside.replace(file)  # whoever reads has the old one or the new one

    def _check_files(self, model: Model) -> None:
        file = self.folder(model.id) / WEIGHTS
        if not file.is_file() or sha256_of(file) != model.sha256:
            raise ValueError(
                f"The files of '{model.name}' are gone or were changed since it was made. Delete "
                "it, and train or upload it again."
            )

    # --- how they go ---------------------------------------------------------------------------

    def remove(self, model_id: str, *, actor: str) -> None:
        """Delete a model's files; what it was made of stays known.

        Raises:
            ValueError: it is offered, or a job starts from it.
        """
        model = self.get(model_id)
        with self._turn:
            with self.db.write() as session:
                for job in tuned.jobs_in(session, LIVE):
                    if job.tuning.get("start") == model_id:
                        raise ValueError(f"A job starts from '{model.name}'. Cancel the job first.")
                row = tuned.model_by_id(session, model_id)
                assert row is not None
                tuned.remove_model(session, row)
                told = {"name": model.name, "sha256": model.sha256}
                authored.audit(session, actor, "delete model", subject=model_id, payload=told)
            shutil.rmtree(self.folder(model_id), ignore_errors=True)

    def export(self, model_id: str, target: Path) -> Path:
        """Write a model into a new folder, with its card as README.md, and return the folder.

        Raises:
            ValueError: there is something already, or its files were changed.
        """
        model = self.get(model_id)
        self._check_files(model)
        return handing_out.write_folder(self.folder(model_id), model.card, model.net, target)

    def push(
        self,
        model_id: str,
        repo_id: str,
        *,
        token: str,
        actor: str,
        private: bool = True,
        endpoint: str = "",
    ) -> str:
        """Push a model to a repository of the Hub, which is made where needed; return its address.

        Args:
            model_id: the model.
            repo_id: account/name.
            token: of an account that may write there; empty for that of this machine.
            actor: who does it.
            private: whether a new repository is seen by its account alone.
            endpoint: another server than huggingface.co.

        Raises:
            ValueError: the Hub refuses it or can't be reached.
        """
        model = self.get(model_id)
        with tempfile.TemporaryDirectory() as folder:
            address = handing_out.push_folder(
                self.export(model_id, Path(folder) / model.name),
                repo_id,
                token=token or self.settings.hf_token,
                private=private,
                message=f"{model.name}, a tuned {model.net}",
                endpoint=endpoint,
            )
        with self.db.write() as session:
            told = {"name": model.name, "repository": repo_id}
            authored.audit(session, actor, "push model", subject=model_id, payload=told)
        return address


def _in_order(promotions: Mapping[str, Promotion], known: Mapping[str, Any]) -> list[str]:
    there = [each for each in promotions.values() if each.model_id in known]
    return [each.model_id for each in sorted(there, key=lambda each: (each.created_at, each.id))]
