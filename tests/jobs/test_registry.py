"""The registry: what a job made becomes a model, which is offered, rolled back, handed on."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from huggingface_hub import constants

from emostudio.evaluation.gate import Gate
from emostudio.jobs.card import licence_line
from emostudio.jobs.facts import sha256_of
from emostudio.jobs.registry import Models
from emostudio.lineup import Lineup
from emostudio.settings import Settings
from emostudio.storage import authored, tuned
from emostudio.storage.database import Database
from emostudio.storage.tuned_tables import Job, Model
from tests import tiny
from tests.jobs.hub import TOKEN, USER, Hub
from tests.jobs.models import finished, number

Make = Callable[..., Model]
AGREED = "Anna has agreed to it."


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny checkpoints with a card each."""
    made = tiny.checkpoints(tmp_path_factory.mktemp("tiny"))
    for folder in made.iterdir():
        licence = "CC BY 4.0" if folder.name in ("speaker", "vocoder") else "CC BY-NC-SA 4.0"
        card = f"# {folder.name}\n\n- **Licence**: {licence}, because\n  it is.\n"
        (folder / "CARD.md").write_text(card)
    return made


@pytest.fixture
def settings(checkpoints: Path, root: Path) -> Settings:
    """Settings whose data lie where the registry is."""
    return Settings(checkpoints=checkpoints, data_dir=root.parent)


@pytest.fixture
def models(db: Database, root: Path, settings: Settings) -> Models:
    """An empty registry."""
    return Models(db, root, settings)


@pytest.fixture
def make(models: Models, db: Database, root: Path, checkpoints: Path) -> Make:
    """Make a model of what a job left."""

    def made(*numbers: object, **asked: str) -> Model:
        return models.add_trained(*finished(db, root, checkpoints, *numbers, **asked))

    return made


def _offered(root: Path) -> list[dict[str, str]]:
    return json.loads((root / "offered.json").read_text())


def test_a_job_becomes_one_model_however_often_it_is_asked(
    models: Models, db: Database, root: Path, checkpoints: Path
) -> None:
    job, folder = finished(db, root, checkpoints)
    model = models.add_trained(job, folder)
    assert models.add_trained(job, folder).id == model.id
    assert [each.id for each in models.all()] == [model.id]
    made = models.folder(model.id)
    assert sha256_of(made / "model.safetensors") == model.sha256
    assert "anna" in json.loads((made / "voices.json").read_text())
    assert model.size_bytes == (made / "model.safetensors").stat().st_size


def test_a_model_knows_its_parents_and_its_recordings(make: Make, checkpoints: Path) -> None:
    model = make()
    assert next(iter(model.parents)) == "emomix"
    assert set(model.parents) == {"emomix", "aligner", "ser", "speaker", "vocoder"}
    for name, sha256 in model.parents.items():
        assert sha256 == sha256_of(checkpoints / name / "model.safetensors")
    assert list(model.corpora) == ["readings"]


def test_the_card_says_what_is_known_and_what_is_not(make: Make) -> None:
    card = make(number("word error", 0.25, 0.2)).card
    assert "| word error | 25 % | 20 % | -5 (-15 to +5) | 12 | yes |" in card
    assert '"Anna said yes."' in card
    assert "80 clips, 6.0 minutes, 1 speaker (anna)" in card
    assert "12 minutes on CPU (local)" in card
    licence = re.search(r"- \*\*Licence\*\*: (.*)", card)
    assert licence
    assert licence[1].startswith("CC BY-NC-SA 4.0")  # the strictest of its parents'
    assert "that of the recordings is unknown" in licence[1]


def test_the_licence_of_a_base_that_is_gone_is_unknown(
    models: Models, db: Database, root: Path, checkpoints: Path
) -> None:
    job, folder = finished(db, root, checkpoints)
    Gate("emomix", "00ff", "00ff", ()).write(folder / "gate")
    assert "(of emomix it is unknown)" in licence_line(models.add_trained(job, folder).card)


def test_a_second_job_of_one_name_is_called_by_a_number(make: Make) -> None:
    assert [make().name, make().name, make().name] == ["anna", "anna-2", "anna-3"]


def test_a_model_that_started_from_another_has_the_recordings_of_both(make: Make) -> None:
    first = make()
    second = make(start=first.id)
    assert second.corpora == first.corpora


def test_what_is_promoted_is_offered_to_the_lineup_at_once(
    make: Make, models: Models, root: Path, settings: Settings
) -> None:
    model = make()
    lineup = Lineup(settings)
    assert _offered(root) == []
    models.promote(model.id, actor="the owner")
    (row,) = _offered(root)
    assert row["sha256"] == sha256_of(Path(row["folder"]) / "model.safetensors")
    assert "emomix:anna" in lineup.names("emomix")
    assert lineup.load("emomix:anna").presets["anna"]["lang"] == "en"
    models.roll_back(model.id, actor="the owner")
    assert "emomix:anna" not in lineup.names("emomix")
    assert [each.offered for each in models.promotions(model.id)] == [True, False]


def test_a_number_that_fell_refuses_promotion_and_is_named(make: Make, models: Models) -> None:
    fell = number("voice similarity", 0.8, 0.5)
    model = make(number("word error", 0.2, 0.21), fell)
    with pytest.raises(ValueError, match=r"Voice similarity fell from 0\.8 to 0\.5") as refused:
        models.promote(model.id, actor="the owner")
    assert "ord error" not in str(refused.value)
    assert models.offered() == []


def test_a_reason_overrides_the_gate_and_is_kept(make: Make, models: Models, db: Database) -> None:
    model = make(number("voice similarity", 0.8, 0.5))
    with pytest.raises(ValueError, match="give a reason"):
        models.promote(model.id, actor="the owner", reason="  ")
    models.promote(model.id, actor="the owner", reason="For the demonstration on Friday.")
    (promotion,) = models.promotions(model.id)
    assert (promotion.reason, promotion.actor) == ("For the demonstration on Friday.", "the owner")
    with db.read() as session:
        (audit,) = [a for a in authored.audits_of(session, model.id) if "promote" in a.action]
    assert audit.payload["refusals"][0].startswith("Voice similarity fell")


def test_promoting_twice_is_promoting_once(make: Make, models: Models) -> None:
    model = make()
    for _ in range(2):
        models.promote(model.id, actor="the owner")
    assert len(models.promotions(model.id)) == 1
    models.roll_back(model.id, actor="the owner")
    with pytest.raises(ValueError, match="is not offered"):
        models.roll_back(model.id, actor="the owner")


def test_files_that_were_changed_are_not_offered(make: Make, models: Models) -> None:
    model = make()
    file = models.folder(model.id) / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ValueError, match="were changed"):
        models.promote(model.id, actor="the owner")
    with pytest.raises(ValueError, match="were changed"):
        models.export(model.id, file.parent.parent / "out")


def test_what_is_offered_is_told_anew_when_the_app_starts(
    make: Make, models: Models, db: Database, root: Path, settings: Settings
) -> None:
    model = make()
    models.promote(model.id, actor="the owner")
    told = (root / "offered.json").read_bytes()
    (root / "offered.json").unlink()
    Models(db, root, settings)
    assert (root / "offered.json").read_bytes() == told


def test_a_model_that_is_offered_or_started_from_stays(
    make: Make, models: Models, db: Database
) -> None:
    model = make()
    models.promote(model.id, actor="the owner")
    with pytest.raises(ValueError, match="Roll it back first"):
        models.remove(model.id, actor="the owner")
    models.roll_back(model.id, actor="the owner")
    with db.write() as session:
        start = {"base": "emomix", "start": model.id}
        corpus_id = next(iter(model.corpora.values()))
        job = Job(corpus_id=corpus_id, tuning=start, backend="local", actor="the owner")
        tuned.add_job(session, job)
    with pytest.raises(ValueError, match="A job starts from 'anna'"):
        models.remove(model.id, actor="the owner")


def test_a_removed_model_frees_its_name_and_leaves_no_file(make: Make, models: Models) -> None:
    model = make()
    models.remove(model.id, actor="the owner")
    assert not models.folder(model.id).exists()
    assert make().name == "anna"
    with pytest.raises(ValueError, match="no such model"):
        models.get(model.id)


def test_a_job_without_a_checkpoint_makes_no_model(
    models: Models, db: Database, root: Path, checkpoints: Path
) -> None:
    job, folder = finished(db, root, checkpoints)
    (folder / "checkpoint" / "model.safetensors").unlink()
    with pytest.raises(ValueError, match=r"left no model\.safetensors"):
        models.add_trained(job, folder)
    assert models.all() == []
    assert not list((root / "models").glob("*"))


def test_an_export_is_a_repository_of_the_hub(make: Make, models: Models, tmp_path: Path) -> None:
    model = make()
    out = models.export(model.id, tmp_path / "out")
    assert {file.name for file in out.iterdir()} == {
        "README.md",
        "config.json",
        "model.safetensors",
        "voices.json",
    }
    head, card = (out / "README.md").read_text().removeprefix("---\n").split("\n---\n\n", 1)
    about = {key: json.loads(value) for key, value in (x.split(": ", 1) for x in head.splitlines())}
    assert about["license"] == "cc-by-nc-sa-4.0"
    assert about["pipeline_tag"] == "text-to-speech"
    assert about["language"] == ["de", "en"]
    assert card == model.card
    with pytest.raises(ValueError, match=r"something in .* already"):
        models.export(model.id, out)


def test_an_export_can_be_uploaded_again(
    make: Make, models: Models, db: Database, tmp_path: Path
) -> None:
    model = make()
    out = models.export(model.id, tmp_path / "out")
    with pytest.raises(ValueError, match="must have agreed"):
        models.upload(out, name="anna-again", actor="the owner")
    again = models.upload(out, name="anna-again", actor="the owner", consent=AGREED)
    assert again.sha256 == model.sha256
    assert again.parents == {}
    assert "Anna said yes." in again.card  # what came with it is shown as such
    assert "## What came with it" in again.card
    assert "pipeline_tag" not in again.card
    with pytest.raises(ValueError, match="already"):
        models.upload(out, name="anna", actor="the owner", consent=AGREED)
    with db.read() as session:
        (audit,) = authored.audits_of(session, again.id)
    assert audit.payload["consent"] == AGREED
    assert f'"{AGREED}", said by the owner' in again.card


def test_what_the_gate_refuses_it_refuses_under_any_name(
    make: Make, models: Models, tmp_path: Path
) -> None:
    model = make(number("voice similarity", 0.8, 0.5))
    out = models.export(model.id, tmp_path / "out")
    models.remove(model.id, actor="the owner")
    (out / "voices.json").write_text((out / "voices.json").read_text() + "\n")
    again = models.upload(out, name="berta", actor="the owner", consent=AGREED)
    assert again.gate == model.gate
    with pytest.raises(ValueError, match=r"Voice similarity fell from 0\.8 to 0\.5"):
        models.promote(again.id, actor="the owner")


def test_what_passed_with_a_voice_says_nothing_of_another(
    make: Make, models: Models, tmp_path: Path
) -> None:
    model = make(number("voice similarity", 0.5, 0.5))
    out = models.export(model.id, tmp_path / "out")
    same = models.upload(out, name="berta", actor="the owner", consent=AGREED)
    assert same.gate == model.gate
    voices = json.loads((out / "voices.json").read_text())
    voices["anna"]["speaker_emb"][0] += 1.0
    (out / "voices.json").write_text(json.dumps(voices))
    other = models.upload(out, name="clara", actor="the owner", consent=AGREED)
    assert other.gate is None


def test_what_was_compared_with_nothing_takes_a_reason(
    models: Models, checkpoints: Path, root: Path
) -> None:
    model = models.upload(checkpoints / "vocoder", name="mine", actor="the owner")  # no voices
    assert len(models.refusals(model.id)) == 1
    with pytest.raises(ValueError, match=r"compared with nothing.* give a reason"):
        models.promote(model.id, actor="the owner")
    models.promote(model.id, actor="the owner", reason="I heard it.")
    assert [row["name"] for row in _offered(root)] == ["mine"]


def test_a_comparison_without_a_guarded_number_takes_a_reason(make: Make, models: Models) -> None:
    model = make(replace(number("emotion hit rate", 0.2, 0.9), guarded=False))
    with pytest.raises(ValueError, match=r"No guarded number .* give a reason"):
        models.promote(model.id, actor="the owner")
    models.promote(model.id, actor="the owner", reason="I heard it.")
    assert [offered.id for offered in models.offered()] == [model.id]


def test_processes_that_promote_at_once_leave_all_of_it_offered(
    make: Make, models: Models, db: Database, root: Path, settings: Settings
) -> None:
    """Each registry stands for a process: they share the database and the files alone."""
    made = [make() for _ in range(4)]
    registries = [Models(db, root, settings) for _ in made]

    def promote(place: int) -> None:
        registries[place].promote(made[place].id, actor="the owner")

    threads = [Thread(target=promote, args=[place]) for place in range(len(made))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {row["name"] for row in _offered(root)} == {model.name for model in made}


def test_shipped_checkpoints_tell_their_hash_and_card(models: Models, checkpoints: Path) -> None:
    known = {each.net: each for each in models.shipped()}
    assert set(known) == {folder.name for folder in checkpoints.iterdir()}
    assert known["ser"].sha256 == sha256_of(checkpoints / "ser" / "model.safetensors")
    assert known["ser"].card.startswith("# ser")


class ModelHub(Hub):
    """A hub of models, which answers as that of data sets does, and checks the head of a card."""

    def _answer(self, request: Any) -> None:
        if request.path == "/api/validate-yaml":
            request.rfile.read(int(request.headers["Content-Length"]))
            return request.reply({"errors": [], "warnings": []})
        request.path = request.path.replace("/api/models/", "/api/datasets/")
        return super()._answer(request)


def test_a_model_is_pushed_with_its_card(
    make: Make, models: Models, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    model, hub = make(), ModelHub(tmp_path / "hub")
    repo = f"{USER}/anna"
    try:
        models.push(model.id, repo, token=TOKEN, actor="the owner", endpoint=hub.address)
        repository = hub.repositories[repo]
        assert repository.private
        files = repository.at("main")
        assert {"README.md", "config.json", "model.safetensors", "voices.json"} <= set(files)
        weights = (models.folder(model.id) / "model.safetensors").read_bytes()
        assert files["model.safetensors"] == weights
        with pytest.raises(ValueError, match="token is wrong"):
            models.push(model.id, repo, token="other", actor="the owner", endpoint=hub.address)
        monkeypatch.setattr(models, "settings", replace(models.settings, hf_token=TOKEN))
        models.push(model.id, repo, token="", actor="the owner", endpoint=hub.address)
        hub.broken = 403
        with pytest.raises(ValueError, match="may not write there"):
            models.push(model.id, repo, token=TOKEN, actor="the owner", endpoint=hub.address)
    finally:
        hub.close()
    nobody = "http://127.0.0.1:9"
    with pytest.raises(ValueError, match="can't be reached"):
        models.push(model.id, repo, token=TOKEN, actor="the owner", endpoint=nobody)
    with pytest.raises(ValueError, match="write account/name"):
        models.push(model.id, "anna", token=TOKEN, actor="the owner")
    with db.read() as session:
        actions = [audit.action for audit in authored.audits_of(session, model.id)]
    assert actions.count("push model") == 2
