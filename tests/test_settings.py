"""The environment decides, and says so when it can't."""

from pathlib import Path

import pytest

from emostudio.settings import Settings


def test_at_home_the_page_is_served_to_this_machine_alone() -> None:
    settings = Settings.from_env({})
    assert (settings.host, settings.port, settings.device) == ("127.0.0.1", 7860, "cpu")
    assert (settings.models, settings.data_dir) == ("", Path("var"))
    assert (settings.checkpoints.name, settings.hubert) == ("checkpoints", "")


def test_a_space_is_served_to_all() -> None:
    assert Settings.from_env({"SPACE_ID": "someone/emostudio"}).host == "0.0.0.0"


def test_variables_win() -> None:
    env = {
        "SPACE_ID": "someone/emostudio",
        "EMOSTUDIO_HOST": "127.0.0.2",
        "EMOSTUDIO_PORT": "8000",
        "GRADIO_SERVER_PORT": "9000",
        "EMOSTUDIO_DEVICE": "CUDA",
        "EMOSTUDIO_MODELS": "someone/models",
        "EMOSTUDIO_DATA_DIR": "/data",
        "EMOSTUDIO_HUBERT": "/weights/hubert.pth",
    }
    assert Settings.from_env(env) == Settings(
        "127.0.0.2", 8000, "cuda", "someone/models", Path("/data"), hubert="/weights/hubert.pth"
    )
    assert Settings.from_env({"GRADIO_SERVER_PORT": "9000"}).port == 9000


def test_where_models_are_tuned_is_set() -> None:
    usual = Settings.from_env({})
    assert (usual.training, usual.zero_gpu, usual.hf_token) == ("auto", False, "")
    env = {
        "EMOSTUDIO_TRAINING": "OFF",
        "SPACES_ZERO_GPU": "true",
        "HF_TOKEN": "hf_sesame",
        "EMOSTUDIO_HF_FLAVOR": "a10g-small",
        "EMOSTUDIO_HF_TIMEOUT": "90m",
    }
    given = Settings.from_env(env)
    assert (given.training, given.zero_gpu) == ("off", True)
    assert (given.hf_token, given.hf_flavor, given.hf_timeout) == ("hf_sesame", "a10g-small", "90m")
    assert "sesame" not in repr(given)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("EMOSTUDIO_PORT", "http"),
        ("EMOSTUDIO_PORT", "0"),
        ("EMOSTUDIO_PORT", "70000"),
        ("EMOSTUDIO_DEVICE", "tpu"),
        ("EMOSTUDIO_TRAINING", "maybe"),
        ("EMOSTUDIO_HF_TIMEOUT", "soon"),
    ],
)
def test_a_wrong_variable_is_named(variable: str, value: str) -> None:
    with pytest.raises(ValueError, match=rf"{value}.*{variable}"):
        Settings.from_env({variable: value})
