"""Parts of the administrators' pages without a browser."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from emostudio.listening.kinds import KINDS
from emostudio.listening.protocol import Protocol, Screening
from emostudio.storage import authored
from emostudio.studies import authoring
from emostudio.studies.clips import NewClip
from emostudio.studies.grid import grid
from emostudio.studies.watching import progress
from emostudio.web.admin.desk import Desk, choices_of
from emostudio.web.admin.pages import data, labels, studies
from emostudio.web.admin.parts.clip_table import clip_table
from emostudio.web.admin.parts.clips import guessed
from emostudio.web.admin.parts.files import read_files
from emostudio.web.admin.parts.people import drawn_people
from emostudio.web.admin.parts.progress import drawn_progress
from emostudio.web.admin.parts.protocol_form import ProtocolForm, protocol_form
from emostudio.web.admin.parts.tables import table
from emostudio.web.pages import listen
from tests.studies.live import live, started
from tests.studies.sounding import burst

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def desk(studio: Any) -> Desk:
    return Desk.of(studio)


@pytest.fixture(scope="module")
def form() -> ProtocolForm:
    with gr.Blocks(analytics_enabled=False):
        return protocol_form()


def seen(form: ProtocolForm, protocol: Protocol) -> dict[Any, Any]:
    """What the form holds once it shows a protocol."""
    values = {part: getattr(part, "value", None) for part in form.components()}
    for part, update in form.filled(protocol).items():
        values[part] = update.get("value") if isinstance(update, dict) else update
    return values


@pytest.mark.parametrize(
    "protocol",
    [
        *(
            Protocol(kind, f"About {kind}", scale=next(iter(KINDS[kind].scales), ""))
            for kind in KINDS
        ),
        Protocol("mos", "Own", labels=("worst", "so so", "best")),
        Protocol("cmos", "Own", labels=("the first", "equal", "the second")),
        Protocol(
            "emotion_id",
            "Few",
            emotions=("happy", "sad", "smug"),
            instructions="Be quick.",
            contact="the lab",
            design="full",
            listeners=7,
            trials=3,
            repeats=2,
            max_plays=4,
            min_heard=0.5,
            loudness="clip",
            lease_min=12.5,
            ask_headphones=False,
            seed=9,
            screening=Screening(gold_share=0.5, repeat_distance=2.0),
        ),
    ],
    ids=lambda protocol: f"{protocol.kind}-{protocol.title}",
)
def test_a_protocol_in_the_form_is_the_same_protocol(
    form: ProtocolForm, protocol: Protocol
) -> None:
    assert form.protocol(seen(form, protocol), protocol.kind) == protocol


def test_an_empty_number_is_told_by_its_name(form: ProtocolForm) -> None:
    values = seen(form, Protocol("mos", "Title")) | {form.listeners: None}
    with pytest.raises(ValueError, match="listeners is empty"):
        form.protocol(values, "mos")


def test_a_seed_is_a_number_that_a_browser_holds(form: ProtocolForm) -> None:
    values = seen(form, Protocol("mos", "Title")) | {form.seed: 10**20}
    with pytest.raises(ValueError, match="seed is 1"):
        form.protocol(values, "mos")


def test_an_own_scale_needs_labels(form: ProtocolForm) -> None:
    values = seen(form, Protocol("mos", "Title")) | {form.scale: "", form.labels: " \n"}
    with pytest.raises(ValueError, match="no labels"):
        form.protocol(values, "mos")


def packed(path: Path, **files: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return path


def test_names_tell_which_clip_is_which(tmp_path: Path) -> None:
    single = tmp_path / "new_b.wav"
    single.write_bytes(burst(2))
    both = [packed(tmp_path / "more.zip", old_a__wav=burst(1), notes__txt="x"), single]
    upload = read_files(both, "{system}_{utterance}.wav", tmp_path)
    assert {(clip.system, clip.utterance) for clip in upload.clips} == {("old", "a"), ("new", "b")}
    assert list(upload.refused) == ["notes.txt"]


def test_a_table_tells_it_better(tmp_path: Path) -> None:
    told = "file,system,role,gold_value\nold_a.wav,piper,gold,4\n"
    path = packed(tmp_path / "clips.zip", old_a__wav=burst(1), table__csv=told)
    [clip] = read_files([path], "{system}.wav", tmp_path).clips
    assert (clip.system, clip.role, clip.gold) == ("piper", "gold", {"value": 4.0})


def test_two_tables_are_one_too_many(tmp_path: Path) -> None:
    path = packed(tmp_path / "clips.zip", one__csv="file\n", two__csv="file\n")
    with pytest.raises(ValueError, match="2 tables"):
        read_files([path], "{system}.wav", tmp_path)


def test_a_clip_to_label_comes_with_a_guess_where_it_can(desk: Desk, tmp_path: Path) -> None:
    sound, text = tmp_path / "clip.wav", tmp_path / "text.wav"
    sound.write_bytes(burst(1))
    text.write_text("no sound")
    shares = guessed(NewClip(sound), desk).guess
    assert shares
    assert sum(shares.values()) == pytest.approx(1)
    assert guessed(NewClip(text), desk).guess is None


def test_names_are_never_markup(desk: Desk) -> None:
    db = desk.db
    slug = live(db, desk.sounds, question=EVIL, instructions=EVIL)
    authoring.put_on_list(db, slug, listed=True)
    draft = authoring.create(db, Protocol("mos", EVIL))
    clip = NewClip(burst(1), system=EVIL, utterance=EVIL)
    other = NewClip(burst(2), system=EVIL, utterance="b", role="gold", gold={"value": 4})
    authoring.add_clips(db, desk.sounds, draft, [clip, other])
    started(db, slug, external_id=EVIL)
    with db.write() as session:
        authored.audit(session, EVIL, "look", subject=EVIL, payload={EVIL: EVIL})
    with db.read() as session:
        audits = authored.audits_of(session)
    state = progress(db, slug)
    drawn = [
        studies.drawn(desk),
        listen.drawn(desk),
        clip_table(grid(db, draft)),
        drawn_progress(state, grid(db, draft)),
        drawn_people(state.people, []),
        data.drawn_audit(audits),
        data.drawn_where(desk),
        labels.drawn_clips({}, grid(db, draft).tested),
        table([{EVIL: EVIL}], EVIL, EVIL),
    ]
    assert not [page for page in drawn if EVIL in page]
    assert "&lt;script&gt;" in drawn[0]


def test_a_listed_study_is_on_the_public_page_while_it_is_open(desk: Desk) -> None:
    slug = live(desk.db, desk.sounds)
    link = f"/t/{slug}'"
    assert link not in listen.drawn(desk)
    authoring.put_on_list(desk.db, slug, listed=True)
    assert link in listen.drawn(desk)
    authoring.close(desk.db, slug)
    assert link not in listen.drawn(desk)


def test_a_choice_of_studies_tells_two_of_one_title_apart(desk: Desk) -> None:
    slugs = [authoring.create(desk.db, Protocol("mos", "Twin")) for _ in range(2)]
    names = {slug: name for name, slug in choices_of(desk.studies("mos"))}
    assert names[slugs[0]] != names[slugs[1]]
