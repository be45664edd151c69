"""A study tried before anybody listens: simulated listeners whose truth its results must find.

Nothing is written: simulated answers never lie beside those of people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emostudio.listening.protocol import Protocol
from emostudio.storage.database import Database
from emostudio.studies.finding import protocol_of
from emostudio.studies.grid import Grid, grid
from emostudio.studies.planning import planned

if TYPE_CHECKING:
    from emostudio.listening.recovery import Check
    from emostudio.listening.results import Results

LISTENERS = 500  # fewer where that is more than
MAX_ANSWERS = 20_000  # which take some ten seconds


@dataclass(frozen=True)
class DryRun:
    """What came of simulated listeners: each known number beside its estimate, and the results."""

    listeners: int
    answers: int
    checks: tuple[Check, ...]
    results: Results

    @property
    def recovered(self) -> bool | None:
        """Whether all was found that could be; None where nothing could."""
        verdicts = [check.recovered for check in self.checks if check.recovered is not None]
        return all(verdicts) if verdicts else None

    @property
    def sentence(self) -> str:
        """Tell the outcome to an author."""
        whole = f"{self.listeners} simulated listeners gave {self.answers} answers"
        if self.recovered is None:
            why = next((check.found.why for check in self.checks if check.found.why), "")
            return f"{whole}, from which nothing can be told. {why}".strip()
        if self.recovered:
            return f"{whole}, and the results found what was true of them."
        missed = ", ".join(check.what for check in self.checks if check.recovered is False)
        return f"{whole}, but the results missed the truth ({missed}). Look at the design."


def dry_run(db: Database, slug: str, *, listeners: int | None = None, seed: int = 0) -> DryRun:
    """Try a study with simulated listeners; equal arguments give equal answers.

    Args:
        db: where the study is; nothing is written.
        slug: of the study.
        listeners: how many; if None, many enough that truths are told from chance.
        seed: of their answers.

    Raises:
        ValueError: there is no such study, or it has no clips yet.
    """
    protocol = protocol_of(db, slug)
    return dry_run_of(protocol, grid(db, slug), listeners=listeners, seed=seed)


def dry_run_of(
    protocol: Protocol, grid: Grid, *, listeners: int | None = None, seed: int = 0
) -> DryRun:
    """Try a protocol on clips.

    Raises:
        ValueError: there are no clips to hear.
    """
    from emostudio.listening.recovery import recovery
    from emostudio.listening.results import results_of
    from emostudio.listening.simulate import simulate, truth_of

    one = len(planned(protocol, grid, 1))
    if not one:
        raise ValueError("There is nothing to listen to yet. Add clips, then try it again.")
    if listeners is None:
        listeners = max(protocol.listeners, min(LISTENERS, MAX_ANSWERS // one))
    trials = planned(protocol, grid, listeners)
    truth = truth_of(protocol, grid.systems)
    answers = simulate(protocol, trials, truth, seed=seed)
    checks = recovery(protocol, truth, answers)
    return DryRun(listeners, len(answers), tuple(checks), results_of(protocol, answers))
