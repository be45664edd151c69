"""A job as a notebook holds it: `for event in job.follow(): print(event.step, event.loss)`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from emostudio.jobs.run_folder import Event, events
from emostudio.storage.tuned_tables import LIVE, Job, Model

if TYPE_CHECKING:
    from emostudio.jobs.service import Jobs
    from emostudio.jobs.standing import Standing

EVERY_S = 0.5  # to look again


class JobHandle:
    """One job by its `id`; whoever holds it may end, the job goes on."""

    def __init__(self, jobs: Jobs, job_id: str) -> None:
        """Hold a job of these."""
        self.id = job_id
        self._jobs = jobs

    def __repr__(self) -> str:
        """Tell which, and how it stands."""
        return f"JobHandle({self.id}, {self.state})"

    @property
    def row(self) -> Job:
        """What the database knows."""
        return self._jobs.row(self.id)

    @property
    def state(self) -> str:
        """Queued, running, stopping, stopped, interrupted, failed or done (in small letters)."""
        return self.row.state

    def standing(self) -> Standing:
        """How it stands."""
        return self._jobs.standing(self.id)

    def follow(self) -> Iterator[Event]:
        """Yield all events, those before this call too, as they come, until the job has ended."""
        self._jobs.start()  # somebody must see to the queue
        folder, told = self._jobs.folder(self.id), 0
        while True:
            live = self.state in LIVE  # asked first: events may come between the two questions
            found = events(folder)
            yield from found[told:]
            told = max(told, len(found))
            if not live:
                return
            time.sleep(EVERY_S)

    def wait(self) -> str:
        """Return its state once it has ended."""
        for _ in self.follow():
            pass
        return self.state

    def cancel(self, *, actor: str = "notebook") -> None:
        """Ask it to save and to stop."""
        self._jobs.cancel(self.id, actor=actor)

    def resume(self, *, actor: str = "notebook") -> None:
        """Go on where it stopped."""
        self._jobs.resume(self.id, actor=actor)

    def model(self) -> Model:
        """What came of it.

        Raises:
            ValueError: nothing has, or it was deleted.
        """
        return self._jobs.model_of(self.id)
