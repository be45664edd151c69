"""Files for administrators: exports, labels, protocols, backups, models.

They are made for one request and deleted after it. Gradio's own downloads would copy them to a
folder that the public pages serve from.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from emostudio.storage import authored
from emostudio.storage.backup import backup
from emostudio.studies import export, labels, watching
from emostudio.studies.protocol_file import protocol_file
from emostudio.studies.sound import served as sounding
from emostudio.web.admin import takes
from emostudio.web.admin.desk import Desk
from emostudio.web.admin.guard import Authority

if TYPE_CHECKING:
    from starlette.requests import Request

EXPORTS = {"answers.csv": "csv", "answers.jsonl": "jsonl", "clips.zip": "audiofolder"}
Make = Callable[[str, Path], Path]


def routes(desk: Desk, authority: Authority) -> list[Route]:
    """Return the routes, below where they are mounted."""

    def backed_up(_: str, folder: Path) -> Path:
        target = folder / "emostudio-backup.zip"
        backup(desk.db, desk.sounds, target)
        return target

    def protocol(slug: str, folder: Path) -> Path:
        target = folder / f"{slug}-protocol.json"
        target.write_text(protocol_file(desk.db, slug), encoding="utf-8")
        return target

    def labelled(slug: str, folder: Path) -> Path:
        made = labels.manifest(desk.db, desk.sounds, slug, folder / "corpora")
        return _zipped(made.folder, folder / f"{slug}-labels.zip")

    def model(model_id: str, folder: Path) -> Path:
        name = desk.jobs.models.get(model_id).name
        return _zipped(desk.jobs.models.export(model_id, folder / name), folder / f"{name}.zip")

    def exported(name: str) -> Make:
        def make(slug: str, folder: Path) -> Path:
            if why := watching.progress(desk.db, slug).hidden:
                raise ValueError(why)
            target = folder / f"{slug}-{name}"
            return export.write(desk.db, desk.sounds, slug, EXPORTS[name], target)

        return make

    def served(action: str, make: Make) -> Callable[[Request], object]:
        async def answer(request: Request) -> Response:
            slug = request.path_params.get("slug", "")
            actor = authority.actor_of(request.cookies) or ""

            def work() -> Response:
                folder = Path(tempfile.mkdtemp(prefix="download-", dir=desk.db.data_dir))
                try:
                    path = make(slug, folder)
                except ValueError as error:
                    shutil.rmtree(folder)
                    return JSONResponse({"detail": str(error)}, status_code=404)
                except BaseException:
                    shutil.rmtree(folder)
                    raise
                with desk.db.write() as session:
                    authored.audit(
                        session, actor, action, subject=slug, payload={"file": path.name}
                    )
                return FileResponse(
                    path, filename=path.name, background=BackgroundTask(shutil.rmtree, folder)
                )

            return await run_in_threadpool(work)

        return answer

    def heard(request: Request) -> Response:
        """Give one clip to hear, whatever format it came in."""
        try:
            sound = sounding(desk.sounds.path(request.path_params["sha256"]), 0.0)
        except ValueError as error:
            return JSONResponse({"detail": str(error)}, status_code=404)
        return Response(sound, media_type="audio/wav")

    makers = {
        "/files/backup.zip": ("backup", backed_up),
        "/files/{slug}/protocol.json": ("export", protocol),
        "/files/{slug}/labels.zip": ("export", labelled),
        "/files/models/{slug}.zip": ("export", model),
        **{f"/files/{{slug}}/{name}": ("export", exported(name)) for name in EXPORTS},
    }
    return [
        Route("/files/sounds/{sha256}", heard, methods=["GET"]),
        *takes.routes(desk, authority),
        *(
            Route(path, served(action, make), methods=["GET"])
            for path, (action, make) in makers.items()
        ),
    ]


def _zipped(folder: Path, target: Path) -> Path:
    """Write a folder, by its own name, into a zip."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent))
    return target
