"""Sounds of jobs for administrators: takes of a training, and pairs that are heard blind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from emostudio.evaluation.gate import Gate
from emostudio.jobs.blind import Ballot
from emostudio.jobs.run_folder import GATE, SAMPLES, events
from emostudio.studies.sound import gains, measure, served

if TYPE_CHECKING:
    from starlette.requests import Request

    from emostudio.web.admin.desk import Desk
    from emostudio.web.admin.guard import Authority


def ballot_of(desk: Desk, job_id: str, actor: str) -> Ballot:
    """Return the pairs of a job, as an administrator hears them.

    Raises:
        ValueError: the job was not compared yet.
    """
    folder = desk.jobs.folder(desk.jobs.row(job_id).id) / GATE
    return Ballot(folder, Gate.read(folder).pairs, job_id, actor)


def routes(desk: Desk, authority: Authority) -> list[Route]:
    """Return the routes, below where they are mounted."""

    def sample(request: Request) -> Response:
        folder = desk.jobs.folder(desk.jobs.row(request.path_params["job"]).id)
        name = str(request.path_params["name"])
        told = [str(event.values["file"]) for event in events(folder) if event.kind == "sample"]
        if name not in [file.rpartition("/")[2] for file in told]:
            raise ValueError("There is no such take. Reload the page.")
        return _sound(served(folder / SAMPLES / name, 0.0))

    def blind(request: Request) -> Response:
        actor = authority.actor_of(request.cookies) or ""
        ballot = ballot_of(desk, request.path_params["job"], actor)
        ours, other = ballot.files_of(request.path_params["token"])
        # Both as loud as each other, or the louder one would win.
        even = gains("clip", {"ours": ("", measure(ours)), "other": ("", measure(other))})
        return _sound(served(ours, even["ours"]))

    def answered(request: Request) -> Response:
        give = sample if "name" in request.path_params else blind
        try:
            return give(request)
        except ValueError as error:
            return JSONResponse({"detail": str(error)}, status_code=404)

    return [
        Route("/files/jobs/{job}/takes/{name}", answered, methods=["GET"]),
        Route("/files/jobs/{job}/blind/{token}", answered, methods=["GET"]),
    ]


def _sound(sound: bytes) -> Response:
    return Response(sound, media_type="audio/wav", headers={"Cache-Control": "private, no-cache"})
