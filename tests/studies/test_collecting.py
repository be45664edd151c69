from dataclasses import replace
from pathlib import Path

from emostudio.listening.protocol import Protocol
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.studies import authoring
from emostudio.studies.collecting import clip_of, clips_of_tray, collect, empty_tray, tray
from emostudio.studies.grid import grid
from emostudio.values import SYNTHETIC
from tests.studies.sounding import burst, conversion, noise, take


def test_a_take_tells_what_was_asked_of_it() -> None:
    clip = clip_of(take("Hello.", "happy"))
    assert (clip.system, clip.text, clip.speaker, clip.language) == (
        "EmoMix",
        "Hello.",
        "kathleen",
        "en",
    )
    assert (clip.emotion, clip.intensity, clip.mix) == ("happy", 0.6, {"happy": 1.0})
    assert SYNTHETIC.encode() in clip.sound


def test_a_take_tells_which_engine_spoke_and_claims_no_emotion_of_the_map() -> None:
    spoken = take("Hello.", "happy")
    there = replace(spoken.request, engine="diemo", emotion_path=((0.0, 1.0),))
    clip = clip_of(replace(spoken, request=there))
    assert (clip.system, clip.emotion, clip.mix) == ("DiEmo", "", None)


def test_a_mixture_is_no_emotion_of_its_own() -> None:
    clip = clip_of(take("Hello.", "happy=1,sad=3"))
    assert (clip.emotion, clip.mix) == ("", {"happy": 0.25, "sad": 0.75})


def test_conversions_of_one_recording_are_one_utterance() -> None:
    one, two = (clip_of(conversion(seed)).placed("mos") for seed in (1, 2))
    assert one.sound != two.sound
    assert one.utterance == two.utterance == "recording abcdef01 · angry"
    assert one.system == "ZEST"


def test_any_sound_is_a_clip(tmp_path: Path) -> None:
    file = tmp_path / "mine.wav"
    file.write_bytes(burst(4))
    assert clip_of(file, system="s").sound == file
    clip = clip_of(noise(4), system="s", name="n")
    assert (clip.sound, clip.called) == (burst(4), "n")


def test_what_is_set_aside_comes_into_a_study_as_it_was(db: Database, sounds: Sounds) -> None:
    made = [take("Hello.", "happy"), take("Hello.", "sad", 1), conversion(2)]
    ids = [collect(db, sounds, clip_of(one), actor="me") for one in made]
    assert [row.id for row in tray(db)] == ids
    slug = authoring.create(db, Protocol("emotion_id", "t"))
    waiting = clips_of_tray(sounds, tray(db))
    assert authoring.add_clips(db, sounds, slug, waiting).refused == {}
    for clip, one in zip(grid(db, slug).clips, made, strict=True):
        direct = clip_of(one).placed("emotion_id")
        for name in ("system", "utterance", "text", "speaker", "emotion", "intensity", "mix"):
            assert getattr(clip, name) == getattr(direct, name)
        assert clip.provenance == one.passport
    empty_tray(db, ids[:2])
    assert [row.id for row in tray(db)] == ids[2:]
    assert len(grid(db, slug).clips) == 3
