from pathlib import Path

import pytest

from emostudio.settings import Settings
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.studies.listening import Listening
from tests.studies.sounding import burst, conversion, noise, take


@pytest.fixture
def listening(db: Database, sounds: Sounds) -> Listening:
    return Listening(db, sounds, address="http://127.0.0.1:7860/")


def test_takes_conversions_clips_and_files_become_a_study(
    listening: Listening, tmp_path: Path
) -> None:
    file = tmp_path / "mine.wav"
    file.write_bytes(burst(9))
    made = [take("Hello."), take("You!", "sad"), conversion(2), noise(3), file, str(file)]
    test = listening.create("pilot", design="mos", clips=made[:5], listeners=12)
    assert (test.slug, test.state, test.protocol.listeners) == ("pilot", "draft", 12)
    assert test.grid.systems == ("EmoMix", "ZEST", "clips")
    assert len(test.grid.utterances) == 5
    assert listening.create("pilot", clips=[made[5]]).slug == "pilot-2"
    assert [one.slug for one in listening.studies()] == ["pilot-2", "pilot"]
    assert repr(listening.study("pilot")) == "<mos study 'pilot', draft: pilot>"


def test_systems_in_a_mapping_are_compared_within_what_they_say(listening: Listening) -> None:
    takes = {
        "old": [take("Hello.", seed=1), take("You!", seed=2)],
        "new": [take("Hello.", seed=3), take("You!", seed=4)],
    }
    test = listening.create("pilot", design="cmos", clips=takes, everyone_hears_all=True)
    assert (test.grid.systems, len(test.grid.utterances)) == (("old", "new"), 2)
    assert test.grid.holes == ()
    assert test.protocol.design == "full"
    sounds = {"old": [noise(1), noise(2)], "new": [noise(3), noise(4)]}
    assert listening.create("other", design="ab", clips=sounds).grid.utterances == (
        "clip 1",
        "clip 2",
    )


def test_two_clips_can_be_compared_at_once(listening: Listening) -> None:
    test = listening.create("pair", design="ab", clips=[noise(1), noise(2)])
    assert test.problems() == []
    assert test.freeze() == test.link == "http://127.0.0.1:7860/t/pair"
    assert test.state == "live"
    test.close()
    assert test.state == "closed"


def test_a_notebook_sees_plan_dry_run_and_results(listening: Listening) -> None:
    made = {system: [noise(5 * n + place) for place in range(5)] for n, system in enumerate("ab")}
    test = listening.create("pilot", clips=made, listeners=8)
    assert (test.plan().trials, test.plan().round) == (5, 2)
    assert test.warnings() == []
    assert "simulated listeners gave" in test.dry_run().sentence
    assert "0 answers of 0 listeners" in str(test.results())


def test_what_cant_be_is_said(listening: Listening) -> None:
    with pytest.raises(ValueError, match="no kind of study 'mushra'"):
        listening.create("pilot", design="mushra")
    with pytest.raises(ValueError, match="gone"):
        listening.create("pilot", clips=["gone.wav"])
    with pytest.raises(ValueError, match="no clip to test"):
        listening.create("empty").freeze()
    with pytest.raises(ValueError, match="no study 'none'"):
        listening.study("none")


def test_a_study_is_saved_as_json(listening: Listening, tmp_path: Path) -> None:
    test = listening.create("pilot", clips=[noise(1)])
    assert '"slug": "pilot"' in test.save(tmp_path / "pilot.json").read_text()


def test_settings_say_where_studies_lie(tmp_path: Path) -> None:
    listening = Listening.open(Settings(data_dir=tmp_path / "var", port=8000))
    assert listening.create("pilot").link == "http://127.0.0.1:8000/t/pilot"
    listening.close()
    again = Listening.open(Settings(data_dir=tmp_path / "var"))
    assert [one.slug for one in again.studies()] == ["pilot"]
    again.close()
