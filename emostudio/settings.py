"""What the surroundings decide: address, device, folders. Read from the environment once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEVICES = ("cpu", "cuda")
TRAINING = ("auto", "off")
CHECKPOINTS = Path(__file__).resolve().parent.parent / "checkpoints"


@dataclass(frozen=True)
class Settings:
    """How one process of EmoStudio runs; `from_env` reads the variables named here.

    `host` and `port` are where the page is served (EMOSTUDIO_HOST, EMOSTUDIO_PORT). `device` is
    cpu or cuda (EMOSTUDIO_DEVICE). `models` is a folder or a Hugging Face repository id whose
    models take the place of the shipped ones (EMOSTUDIO_MODELS). `data_dir` is where the app
    writes: a folder of its own in there, emptied within a day (EMOSTUDIO_DATA_DIR). `checkpoints`
    holds the shipped models. `hubert` is a file of HuBERT-base's weights or its folder, for content
    units of HuBERT (EMOSTUDIO_HUBERT); without it torchaudio downloads them.

    `database_url` is a PostgreSQL database for studies and answers (DATABASE_URL); without it they
    lie in SQLite in `data_dir`. `admin_token` opens /admin (EMOSTUDIO_ADMIN_TOKEN), and in a Space
    so does the Hugging Face login of `admin_users` (EMOSTUDIO_ADMIN_USERS, names with commas).
    `starts_per_minute` is how many listeners may start from one address
    (EMOSTUDIO_STARTS_PER_MINUTE): a laboratory shares one.

    `training` is auto or off (EMOSTUDIO_TRAINING): a public demo trains nothing. `zero_gpu` says
    that GPUs are lent by the minute (SPACES_ZERO_GPU). With `hf_token` (HF_TOKEN) jobs can run at
    Hugging Face: on the hardware `hf_flavor` (EMOSTUDIO_HF_FLAVOR), for `hf_timeout` at most
    (EMOSTUDIO_HF_TIMEOUT, a number and s, m, h or d).
    """

    host: str = "127.0.0.1"
    port: int = 7860
    device: str = "cpu"
    models: str = ""
    data_dir: Path = Path("var")
    checkpoints: Path = CHECKPOINTS
    hubert: str = ""
    database_url: str = ""
    admin_token: str = field(default="", repr=False)
    admin_users: tuple[str, ...] = ()
    starts_per_minute: int = 30
    training: str = "auto"
    zero_gpu: bool = False
    hf_token: str = field(default="", repr=False)
    hf_flavor: str = "t4-small"
    hf_timeout: str = "6h"

    def __post_init__(self) -> None:
        """Refuse what could not start, in words."""
        if self.device not in DEVICES:
            raise ValueError(
                f"The device is '{self.device}'; set EMOSTUDIO_DEVICE to {' or '.join(DEVICES)}."
            )
        if not 0 < self.port < 2**16:
            raise ValueError(f"The port is {self.port}; set EMOSTUDIO_PORT to 1 to 65535.")
        if self.starts_per_minute < 1:
            raise ValueError("No listener could start; set EMOSTUDIO_STARTS_PER_MINUTE above 0.")
        if self.training not in TRAINING:
            raise ValueError(
                f"Training is '{self.training}'; set EMOSTUDIO_TRAINING to auto or off."
            )
        if not re.fullmatch(r"[1-9]\d*[smhd]", self.hf_timeout):
            raise ValueError(
                f"'{self.hf_timeout}' is no time; set EMOSTUDIO_HF_TIMEOUT to one like 6h."
            )

    @property
    def tuned(self) -> Path:
        """The folder of corpora to tune on, jobs and the models that came of them."""
        return self.data_dir / "tuned"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment; a Space is served to all addresses, a home only to itself.

        >>> Settings.from_env({"EMOSTUDIO_PORT": "8000"}).port
        8000
        """
        env = os.environ if environ is None else environ
        port = env.get("EMOSTUDIO_PORT") or env.get("GRADIO_SERVER_PORT") or "7860"
        if not port.isdecimal():
            raise ValueError(f"The port is '{port}'; set EMOSTUDIO_PORT to a number such as 7860.")
        starts = env.get("EMOSTUDIO_STARTS_PER_MINUTE") or "30"
        if not starts.isdecimal():
            raise ValueError(
                f"'{starts}' is no number; set EMOSTUDIO_STARTS_PER_MINUTE to one like 30."
            )
        users = (env.get("EMOSTUDIO_ADMIN_USERS") or "").split(",")
        everywhere = "0.0.0.0" if env.get("SPACE_ID") else "127.0.0.1"
        return cls(
            host=env.get("EMOSTUDIO_HOST") or everywhere,
            port=int(port),
            device=(env.get("EMOSTUDIO_DEVICE") or "cpu").strip().lower(),
            models=(env.get("EMOSTUDIO_MODELS") or "").strip(),
            data_dir=Path(env.get("EMOSTUDIO_DATA_DIR") or "var"),
            hubert=(env.get("EMOSTUDIO_HUBERT") or "").strip(),
            database_url=(env.get("DATABASE_URL") or "").strip(),
            admin_token=(env.get("EMOSTUDIO_ADMIN_TOKEN") or "").strip(),
            admin_users=tuple(name.strip() for name in users if name.strip()),
            starts_per_minute=int(starts),
            training=(env.get("EMOSTUDIO_TRAINING") or "auto").strip().lower(),
            zero_gpu=bool(env.get("SPACES_ZERO_GPU")),
            hf_token=(env.get("HF_TOKEN") or "").strip(),
            hf_flavor=(env.get("EMOSTUDIO_HF_FLAVOR") or "t4-small").strip(),
            hf_timeout=(env.get("EMOSTUDIO_HF_TIMEOUT") or "6h").strip(),
        )
