"""Fine-tuning for pages and notebooks: `studio.jobs.finetune("my_voice/", base="emomix")`.

Rows are in the database, files in `data_dir/tuned`; the queue (`queueing`) starts jobs and notes
what becomes of them. Closing an app or a notebook stops no job: the next one finds it.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emostudio.data.labels import plain
from emostudio.jobs import orphans
from emostudio.jobs.asking import errand_of, refuse_unfit
from emostudio.jobs.backend import Backend
from emostudio.jobs.corpora import Corpora
from emostudio.jobs.handle import JobHandle
from emostudio.jobs.orphans import Orphan
from emostudio.jobs.places import places
from emostudio.jobs.queueing import Queue
from emostudio.jobs.registry import Models
from emostudio.jobs.run_folder import ERRAND
from emostudio.jobs.standing import Expectation, Standing
from emostudio.jobs.telling import Telling
from emostudio.jobs.tuning import Errand, Tuning, free_name
from emostudio.jobs.watching import Watch
from emostudio.settings import Settings
from emostudio.storage import authored, tuned
from emostudio.storage.database import Database
from emostudio.storage.ids import new_id
from emostudio.storage.tuned_tables import LIVE, RESUMABLE, Corpus, Job, Model

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

NO_JOB = "There is no such job; it may have been deleted."


class Jobs:
    """All that is tuned in one place; threads may share it.

    `corpora` and `models` are what goes in and what comes out; `root` is the folder of all files.
    """

    def __init__(self, settings: Settings, db: Database, backends: Sequence[Backend]) -> None:
        """Use a database, the folder `settings.tuned`, and these places to run; `open` does."""
        self.settings = settings
        self.db = db
        self.root = settings.tuned.absolute()
        (self.root / "jobs").mkdir(parents=True, exist_ok=True)
        self.corpora = Corpora(db, self.root)
        self.models = Models(db, self.root, settings)
        self._backends = {backend.name: backend for backend in backends}
        queues = [
            Queue(db, self.root / "jobs", backend, self.models.add_trained) for backend in backends
        ]
        self._telling = Telling(db, self.root / "jobs", self._backends)
        self._watch = Watch(self.root / "queue.lock", queues)

    @classmethod
    def open(cls, settings: Settings, db: Database) -> Jobs:
        """Use a database and the places to run that the settings tell of; starts no thread."""
        return cls(settings, db, places(settings))

    def backends(self) -> dict[str, str]:
        """Return where jobs can run, by name, each with a sentence why not, or an empty one."""
        return {name: backend.why_not() for name, backend in self._backends.items()}

    # --- what there is -----------------------------------------------------------------------

    def get(self, job_id: str) -> JobHandle:
        """Return a job to follow.

        Raises:
            ValueError: there is none of that id.
        """
        return JobHandle(self, self.row(job_id).id)

    def row(self, job_id: str) -> Job:
        """Return the row of a job.

        Raises:
            ValueError: there is none of that id.
        """
        with self.db.read() as session:
            return _found(session, job_id)

    def all(self, *, probes: bool = False) -> list[Job]:
        """Return the jobs that were not deleted, the newest first; `probes` too where asked."""
        with self.db.read() as session:
            return tuned.jobs(session, probes=probes)

    def folder(self, job_id: str) -> Path:
        """Return the folder of a job: see `run_folder`."""
        return self.root / "jobs" / job_id

    def model_of(self, job_id: str) -> Model:
        """Return the model that came of a job.

        Raises:
            ValueError: none has, or it was deleted.
        """
        with self.db.read() as session:
            model = tuned.model_of_job(session, job_id)
        if model is None:
            raise ValueError("There is no model of this job: it is not done, or was deleted.")
        return model

    # --- what is asked for -------------------------------------------------------------------

    def submit(self, tuning: Tuning, *, actor: str, probe: bool = False) -> str:
        """Put a tuning into the queue and return the id of its job.

        Args:
            tuning: what to tune.
            actor: who asks.
            probe: only measure how long it would take.

        Raises:
            ValueError: it can't be done; the sentence says why and what to do.
        """
        backend = self._backends.get(tuning.backend)
        if backend is None:
            here = ", ".join(self._backends)
            raise ValueError(f"Jobs can't run on '{tuning.backend}'; choose {here}.")
        if why := backend.why_not():
            raise ValueError(why)
        if not probe:
            self._refuse_taken(tuning.name)
        corpus = self.corpora.get(tuning.corpus)
        tuning = replace(tuning, corpus=corpus.id)
        errand = errand_of(tuning, self.corpora, self.models, self.settings, probe=probe)
        job = Job(
            id=new_id(),
            corpus_id=corpus.id,
            tuning=tuning.to_json(),
            backend=tuning.backend,
            probe=probe,
            actor=actor,
        )
        folder = self.folder(job.id)
        folder.mkdir()
        try:
            errand.write(folder / ERRAND)
            with self.db.write() as session:
                tuned.add_job(session, job)
                told = {"tuning": job.tuning, "probe": probe}
                authored.audit(session, actor, "submit job", subject=job.id, payload=told)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return job.id

    def finetune(
        self,
        data: str | Path,
        *,
        base: str,
        name: str = "",
        actor: str = "notebook",
        consent: str = "",
        lang: str = "en",
        **tuning: Any,
    ) -> JobHandle:
        """Tune a base on data, and see to the queue from now on.

        Args:
            data: a folder of recordings, a zip, a CSV table of files, or the name of a corpus.
            base: ser, emomix, diemo, vocoder or zest.
            name: of the result; by default of base and corpus.
            actor: who asks.
            consent: in which words everyone who speaks there agreed.
            lang: what is spoken there, where no table tells.
            **tuning: further fields of `Tuning`, such as `max_steps`.

        Raises:
            ValueError: it can't be done; the sentence says why and what to do.
        """
        corpus = self._corpus(data, consent=consent, actor=actor, lang=lang)
        refuse_unfit(base, corpus)
        if not name:
            name = free_name(f"{base}-{corpus.name}", self._made() | self._awaited())
        asked = Tuning(base=base, corpus=corpus.id, name=name, **tuning)
        job = self.get(self.submit(asked, actor=actor))
        self.start()
        return job

    def cancel(self, job_id: str, *, actor: str) -> None:
        """Take a job out of the queue, or ask it to save and stop.

        Raises:
            ValueError: it has ended.
        """
        with self.db.write() as session:
            job = _found(session, job_id)
            if job.state not in LIVE:
                raise ValueError("This job has ended; there is nothing to cancel.")
            if job.state == "queued":
                tuned.set_job_state(session, job, "stopped")
            elif job.state == "running":
                tuned.set_job_state(session, job, "stopping")
            authored.audit(session, actor, "cancel job", subject=job_id)

    def resume(self, job_id: str, *, actor: str) -> None:
        """Let a job go on where it stopped; it waits for its turn.

        Raises:
            ValueError: it is not one that stopped, was interrupted or failed, or what it needs is
                gone.
        """
        job = self.row(job_id)
        errand = self._again(job)
        if job.state not in RESUMABLE:
            raise ValueError("Only a job that was stopped, was interrupted or has failed resumes.")
        if not self.folder(job_id).is_dir():
            raise ValueError("The folder of this job is gone. Retry starts it anew.")
        with self.db.write() as session:
            job = _found(session, job_id)
            if job.state in RESUMABLE:  # nobody was faster
                errand.write(self.folder(job_id) / ERRAND)
                tuned.set_job_state(session, job, "queued")
                authored.audit(session, actor, "resume job", subject=job_id)

    def retry(self, job_id: str, *, actor: str) -> str:
        """Put the same tuning into the queue as a new job, and return its id.

        Where a model has the name already, that of this job for one, the next free one is taken.

        Raises:
            ValueError: as `submit`.
        """
        job = self.row(job_id)
        tuning, made = Tuning(**job.tuning), self._made()
        if tuning.name in made:
            tuning = replace(tuning, name=free_name(tuning.name, made | self._awaited()))
        again = self.submit(tuning, actor=actor, probe=job.probe)
        with self.db.write() as session:
            authored.audit(session, actor, "retry job", subject=job_id, payload={"job": again})
        return again

    def delete(self, job_id: str, *, actor: str) -> None:
        """Delete the files of a job that has ended, here and where it ran; its model stays.

        Raises:
            ValueError: it waits or runs, or the place where it ran can't be reached.
        """
        job = self.row(job_id)
        backend = self._backends.get(job.backend)
        if backend is not None and job.attempt and job.state not in LIVE:
            try:
                backend.forget(self.folder(job_id))
            except OSError as error:
                raise ValueError(f"What lies where it ran can't be deleted now. {error}") from error
        with self.db.write() as session:
            tuned.remove_job(session, _found(session, job_id))
            authored.audit(session, actor, "delete job", subject=job_id)
        # Killed here, what is left is an orphan.
        shutil.rmtree(self.folder(job_id), ignore_errors=True)
        for orphan in self.orphans():
            if orphan.kind == "pack":
                orphans.clear(orphan, self._backends["local"])

    # --- how it stands -----------------------------------------------------------------------

    def standing(self, job_id: str) -> Standing:
        """Tell how a job stands.

        Raises:
            ValueError: there is none of that id.
        """
        return self._telling.standing(self.row(job_id))

    def expected(self, tuning: Tuning) -> Expectation | None:
        """Return the minutes that a tuning takes, if a probe has measured one that is alike.

        Raises:
            ValueError: there is no such corpus.
        """
        corpus = self.corpora.get(tuning.corpus)
        return self._telling.expected(replace(tuning, corpus=corpus.id))

    # --- the queue ---------------------------------------------------------------------------

    def tick(self) -> bool:
        """See to the queue once; False where another process sees to it."""
        return self._watch.tick()

    def start(self) -> None:
        """See to the queue from now on, in threads; whichever process does it first."""
        self._watch.start()

    def close(self) -> None:
        """See to the queue no more. Jobs go on."""
        self._watch.close()

    def orphans(self) -> list[Orphan]:
        """Return processes, folders and packs that no job, corpus or model owns."""
        rows = {job.id: job.state for job in self.all(probes=True)}
        kept = {one.id for one in (*self.corpora.all(), *self.models.all())}
        return orphans.orphans(self.root, rows, kept, self._backends["local"])

    def clear(self, orphan: Orphan, *, actor: str) -> None:
        """End an orphan's process, or delete its folder.

        Raises:
            ValueError: it is none any more.
        """
        if orphan.folder not in {other.folder for other in self.orphans()}:
            raise ValueError("This has an owner again, or is gone. Look anew.")
        orphans.clear(orphan, self._backends["local"])
        with self.db.write() as session:
            told = {"kind": orphan.kind}
            authored.audit(session, actor, "clear", subject=orphan.folder.name, payload=told)

    # --- parts of the above ------------------------------------------------------------------

    def _again(self, job: Job) -> Errand:
        tuning = Tuning(**job.tuning)
        backend = self._backends.get(job.backend)
        if backend is not None and (why := backend.why_not()):
            raise ValueError(why)
        return errand_of(tuning, self.corpora, self.models, self.settings, probe=job.probe)

    def _made(self) -> set[str]:
        with self.db.read() as session:
            return {model.name for model in tuned.models(session)}

    def _awaited(self) -> set[str]:
        """The names of models that jobs are at work on."""
        with self.db.read() as session:
            return {
                str(job.tuning["name"]) for job in tuned.jobs_in(session, LIVE) if not job.probe
            }

    def _refuse_taken(self, name: str) -> None:
        if name in self._made():
            raise ValueError(f"There is a model '{name}' already. Choose another name.")
        if name in self._awaited():
            raise ValueError(f"A job makes a model '{name}' already. Choose another name.")

    def _corpus(self, data: str | Path, *, consent: str, actor: str, lang: str) -> Corpus:
        path = Path(data)
        known = {corpus.name: corpus for corpus in self.corpora.all()}
        if not path.exists():
            if str(data) in known:
                return known[str(data)]
            raise ValueError(f"There is neither a path nor a corpus '{data}'. Check it.")
        sources = {".zip": "upload", ".csv": "manifest"}
        source = "folder" if path.is_dir() else sources.get(path.suffix.lower(), "manifest")
        name = free_name(plain(path.stem)[:30] or "corpus", known)
        return self.corpora.add(name, source, path, consent=consent, actor=actor, lang=lang)


def _found(session: Session, job_id: str) -> Job:
    job = tuned.job_by_id(session, job_id)
    if job is None or job.removed_at is not None:
        raise ValueError(NO_JOB)
    return job
