"""What is known of corpora, jobs and models; each verb takes a session first, as in `authored`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from emostudio.storage.tables import now
from emostudio.storage.tuned_tables import LIVE, Corpus, Job, Model, Promotion

# --- corpora -----------------------------------------------------------------------------------


def add_corpus(session: Session, corpus: Corpus) -> Corpus:
    """Add a corpus.

    Raises:
        ValueError: its name is taken.
    """
    if session.scalar(select(Corpus.id).where(Corpus.name == corpus.name)) is not None:
        raise ValueError(f"There is a corpus '{corpus.name}' already. Choose another name.")
    session.add(corpus)
    session.flush()
    return corpus


def corpus_by_id(session: Session, corpus_id: str) -> Corpus | None:
    """Return a corpus, if there is one, removed or not."""
    return session.get(Corpus, corpus_id)


def corpus_by_name(session: Session, name: str) -> Corpus | None:
    """Return the corpus of a name, if there is or was one."""
    return session.scalar(select(Corpus).where(Corpus.name == name))


def corpora(session: Session) -> list[Corpus]:
    """Return the corpora that are here, the newest first."""
    query = select(Corpus).where(Corpus.removed_at.is_(None))
    return list(session.scalars(query.order_by(Corpus.created_at.desc(), Corpus.id.desc())))


def removed_corpora(session: Session) -> set[str]:
    """Return the ids of corpora whose files are to be gone."""
    return set(session.scalars(select(Corpus.id).where(Corpus.removed_at.is_not(None))))


def remove_corpus(session: Session, corpus: Corpus) -> None:
    """Say that its files are gone.

    Raises:
        ValueError: a job that waits or runs needs them.
    """
    used = select(Job.id).where(Job.corpus_id == corpus.id, Job.state.in_(LIVE))
    if session.scalar(used.where(Job.removed_at.is_(None))) is not None:
        raise ValueError(f"A job needs the corpus '{corpus.name}'. Cancel the job first.")
    corpus.removed_at = now()
    session.flush()


# --- jobs --------------------------------------------------------------------------------------


def add_job(session: Session, job: Job) -> Job:
    """Put a job at the end of the queue."""
    job.queued_at = now()
    session.add(job)
    session.flush()
    return job


def job_by_id(session: Session, job_id: str) -> Job | None:
    """Return a job, if there is one."""
    return session.get(Job, job_id)


def jobs(session: Session, *, probes: bool = False) -> list[Job]:
    """Return the jobs that were not deleted, the newest first; `probes` too where asked."""
    query = select(Job).where(Job.removed_at.is_(None))
    if not probes:
        query = query.where(Job.probe.is_(False))
    return list(session.scalars(query.order_by(Job.created_at.desc(), Job.id.desc())))


def jobs_in(session: Session, states: Sequence[str]) -> list[Job]:
    """Return jobs and probes in these states, in the order of the queue."""
    query = select(Job).where(Job.state.in_(states), Job.removed_at.is_(None))
    return list(session.scalars(query.order_by(Job.queued_at, Job.id)))


def set_job_state(
    session: Session,
    job: Job,
    state: str,
    *,
    message: str = "",
    handle: dict[str, Any] | None = None,
) -> None:
    """Note what has become of a job; times follow from the state."""
    job.state, job.message = state, message
    if state == "queued":
        job.queued_at, job.ended_at, job.handle = now(), None, None
    elif state == "running":
        job.started_at, job.attempt, job.handle = now(), job.attempt + 1, handle
    elif state not in LIVE:
        job.ended_at = now()
    session.flush()


def set_job_handle(session: Session, job: Job, handle: dict[str, Any]) -> None:
    """Note what its backend finds its process by."""
    job.handle = handle
    session.flush()


def remove_job(session: Session, job: Job) -> None:
    """Say that its folder is gone.

    Raises:
        ValueError: it waits or runs.
    """
    if job.state in LIVE:
        raise ValueError("This job waits or runs. Cancel it first, then delete it.")
    job.removed_at = now()
    session.flush()


# --- models ------------------------------------------------------------------------------------


def add_model(session: Session, model: Model) -> Model:
    """Add a model.

    Raises:
        ValueError: its name is taken.
    """
    taken = select(Model.id).where(Model.name == model.name, Model.removed_at.is_(None))
    if session.scalar(taken) is not None:
        raise ValueError(f"There is a model '{model.name}' already. Choose another name.")
    session.add(model)
    session.flush()
    return model


def model_by_id(session: Session, model_id: str) -> Model | None:
    """Return a model, if there is one, removed or not."""
    return session.get(Model, model_id)


def model_of_job(session: Session, job_id: str) -> Model | None:
    """Return the model that came of a job and is still here."""
    return session.scalar(select(Model).where(Model.job_id == job_id, Model.removed_at.is_(None)))


def models_of_weights(session: Session, sha256: str) -> list[Model]:
    """Return the models of these weights, removed or not, the newest first."""
    query = select(Model).where(Model.sha256 == sha256)
    return list(session.scalars(query.order_by(Model.created_at.desc(), Model.id.desc())))


def models(session: Session) -> list[Model]:
    """Return the models that are here, the newest first."""
    query = select(Model).where(Model.removed_at.is_(None))
    return list(session.scalars(query.order_by(Model.created_at.desc(), Model.id.desc())))


def remove_model(session: Session, model: Model) -> None:
    """Say that its files are gone.

    Raises:
        ValueError: it is offered.
    """
    if model.id in offered(session):
        raise ValueError(f"The model '{model.name}' is offered. Roll it back first.")
    model.removed_at = now()
    session.flush()


def promote(session: Session, promotion: Promotion) -> None:
    """Offer a model, or offer it no more."""
    session.add(promotion)
    session.flush()


def promotions(session: Session) -> list[Promotion]:
    """Return all promotions and withdrawals, the oldest first."""
    return list(session.scalars(select(Promotion).order_by(Promotion.created_at, Promotion.id)))


def offered(session: Session) -> dict[str, Promotion]:
    """Return the models that are offered, by id, with the promotion that says so."""
    last = {promotion.model_id: promotion for promotion in promotions(session)}
    return {model_id: promotion for model_id, promotion in last.items() if promotion.offered}
