"""Corpora to tune on: taken over, checked, kept with what the check found, removed."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from emostudio.data import hub
from emostudio.data.begun import BEGUN, sweep
from emostudio.data.labels import ForAll
from emostudio.data.report import Report
from emostudio.data.taking_over import take_over
from emostudio.jobs.tuning import NAME
from emostudio.storage import authored, tuned
from emostudio.storage.database import Database
from emostudio.storage.ids import new_id
from emostudio.storage.tuned_tables import SOURCES, Corpus

MAX_ORIGIN = 400  # characters, as the table holds


class Corpora:
    """The corpora of a studio: rows in its database, and folders in ROOT/corpora, by id.

    A corpus is there as a whole or not at all: its folder comes under its name when it is whole,
    and its row comes last.
    """

    def __init__(self, db: Database, root: Path) -> None:
        """Keep them in `root`, the folder of all that has to do with tuning."""
        self.db = db
        self.root = root / "corpora"

    def add(  # noqa: PLR0913, what a person says of recordings
        self,
        name: str,
        source: str,
        origin: Path | str,
        *,
        consent: str,
        actor: str,
        lang: str = "en",
        speaker: str = "",
        emotion: str = "",
        progress: Callable[[float, str], None] | None = None,
    ) -> Corpus:
        """Take a corpus over, check it, and keep it.

        Args:
            name: what it is called from now on; small letters, digits and hyphens.
            source: one of `SOURCES`.
            origin: a zip (upload), a folder (folder, labels), a CSV table whose column `file` names
                files relative to it (manifest), or the id of a dataset (hub).
            consent: in which words it was said that everyone who speaks here agrees.
            actor: who said so.
            lang: what is spoken where no table tells it.
            speaker: who speaks where no table tells it; else folders do.
            emotion: what all is where neither a table nor a folder's name tells it.
            progress: gets the share that is done and a sentence.

        Raises:
            ValueError: consent is missing, the name is taken or none, there is too little room, or
                nothing is left that can be used. Nothing is kept then.
        """
        self._check(name, source, consent)
        place = hub.download(str(origin)) if source == "hub" else Path(origin)
        self.sweep()
        corpus_id = new_id()
        begun = Path(tempfile.mkdtemp(prefix=BEGUN, dir=self.root))
        final = self.root / corpus_id
        try:
            told = ForAll(name, lang=lang, speaker=speaker, emotion=emotion)
            report = take_over(place, begun, told, progress=progress)
            row = Corpus(
                id=corpus_id,
                name=name,
                source=source,
                origin=_origin(source, origin)[:MAX_ORIGIN],
                report=report.to_json(),
                consent=consent.strip(),
                actor=actor,
            )
            with self.db.write() as session:
                tuned.add_corpus(session, row)
                authored.audit(
                    session,
                    actor,
                    "add corpus",
                    subject=corpus_id,
                    payload={"name": name, "source": source, "consent": row.consent},
                )
                begun.chmod(0o755)
                begun.rename(final)
        except BaseException:
            shutil.rmtree(begun, ignore_errors=True)
            shutil.rmtree(final, ignore_errors=True)
            raise
        return row

    def folder(self, corpus_id: str) -> Path:
        """The folder of a corpus, with metadata.csv.

        Raises:
            ValueError: its files are not here.
        """
        folder = self.root / corpus_id
        if not folder.is_dir():
            raise ValueError("The files of this corpus are gone. Add it again.")
        return folder

    def get(self, name_or_id: str) -> Corpus:
        """Return a corpus by its name or id.

        Raises:
            ValueError: there is none; the sentence names those there are.
        """
        every = self.all()
        for corpus in every:
            if name_or_id in (corpus.id, corpus.name):
                return corpus
        with self.db.read() as session:
            if (gone := tuned.corpus_by_id(session, name_or_id)) is not None:
                raise ValueError(f"The corpus '{gone.name}' was deleted. Add its recordings anew.")
        names = ", ".join(corpus.name for corpus in every)
        there = f"choose {names}" if names else "add one first"
        raise ValueError(f"There is no corpus '{name_or_id}'; {there}.")

    def all(self) -> list[Corpus]:
        """Return those that are here, the newest first."""
        with self.db.read() as session:
            return tuned.corpora(session)

    def report(self, name_or_id: str) -> Report:
        """Return what the check of a corpus found.

        Raises:
            ValueError: there is no such corpus.
        """
        return Report.from_json(self.get(name_or_id).report)

    def remove(self, name_or_id: str, actor: str) -> None:
        """Delete the files of a corpus; that it was there stays known.

        Raises:
            ValueError: there is no such corpus, or a job needs it.
        """
        corpus_id = self.get(name_or_id).id
        with self.db.write() as session:
            corpus = tuned.corpus_by_id(session, corpus_id)
            assert corpus is not None
            tuned.remove_corpus(session, corpus)
            authored.audit(
                session, actor, "remove corpus", subject=corpus_id, payload={"name": corpus.name}
            )
        shutil.rmtree(self.root / corpus_id, ignore_errors=True)

    def sweep(self) -> None:
        """Delete what somebody began a day ago and never finished, and what was removed.

        Any other folder stays, even if no row tells of it: the database may be an older one, or
        another, and recordings can't be had again.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with self.db.read() as session:
            removed = tuned.removed_corpora(session)
        sweep(self.root)
        for folder in self.root.iterdir():
            if folder.name in removed:
                with contextlib.suppress(OSError):  # another process has just deleted it
                    shutil.rmtree(folder)

    def _check(self, name: str, source: str, consent: str) -> None:
        """Refuse at once what would be refused after minutes."""
        if not NAME.fullmatch(name):
            raise ValueError(
                "Name the corpus by 1 to 40 small letters, digits and hyphens, such as anna-2."
            )
        if source not in SOURCES:
            raise ValueError(f"There is no source '{source}'; choose {', '.join(SOURCES)}.")
        if not consent.strip():
            raise ValueError(
                "Everyone who speaks here must have agreed to it. Say so before the recordings "
                "are taken over."
            )
        with self.db.read() as session:
            taken = tuned.corpus_by_name(session, name)
        if taken is not None:
            was = "is" if taken.removed_at is None else "was"
            raise ValueError(f"There {was} a corpus '{name}' already. Choose another name.")


def _origin(source: str, origin: Path | str) -> str:
    return Path(origin).name if source in ("upload", "labels") else str(origin)
