"""Judges that are not ours, run in an environment of their own.

Words by pocketsphinx, opinion by DNSMOS P.808, who speaks by resemblyzer, and mel cepstral
distortion by librosa. `python outside_judges.py FOLDER` reads FOLDER/ask.json, two lists:

- `sounds`: `file` (16 kHz, a path), `judges` who are asked, and `text` for those who count words
- `pairs`: `take` and `real`, two recordings of one sentence (16 kHz)

and prints one JSON object: `sounds` (by file: `said`, `heard`, `errors`, `p808`, `voice`), `pairs`
(in order: `mcd` in dB, `path` of
frames of 256 samples) and `missing` (judges that can't run here, each with its reason). It imports
nothing of EmoStudio, so that the environment holds the judges alone.
"""

import importlib
import json
import multiprocessing
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Judge -> what it is called, which module it is, what has to be installed for it. Torch, which
# resemblyzer needs, is the project's own (`environment`).
JUDGES = {
    "words": ("pocketsphinx", ("pocketsphinx==5.1.1",)),
    "opinion": ("speechmos.dnsmos", ("speechmos==0.0.1.1", "onnxruntime", "librosa==0.11.0")),
    "voice": ("resemblyzer", ("resemblyzer==0.1.4", "librosa==0.11.0", "setuptools<81")),
    "cepstrum": ("librosa", ("librosa==0.11.0",)),
}
SAMPLE_RATE = 16_000
N_MFCC = 13


def words(text: str) -> list[str]:
    """Lower-case words without punctuation."""
    return re.sub(r"[^a-z' ]+", " ", text.lower()).split()


def edits(said: list, heard: list) -> int:
    """Least number of items to change, add or leave out (Levenshtein distance)."""
    row = list(range(len(heard) + 1))
    for i, item in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (item != other))
    return row[-1]


class Bench:
    """The judges that run here, loaded once a process; `missing` says of the others why not."""

    def __init__(self) -> None:
        """Load every judge that can be loaded."""
        self.missing: dict[str, str] = {}
        self.decoder = self._load("words", _decoder)
        self.dnsmos = self._load("opinion", _p808)
        self.encoder = self._load("voice", _voice_encoder)
        self.librosa = self._load("cepstrum", lambda: importlib.import_module("librosa"))

    def _load(self, judge: str, make: Callable[[], Any]) -> Any:
        try:
            return make()
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            self.missing[judge] = f"{JUDGES[judge][0]}: {error}"
            return None

    def hear(self, ask: dict[str, Any]) -> dict[str, Any]:
        """Judge one sound; `failed` says why where it can't be."""
        try:
            return self._hear(ask)
        except (OSError, RuntimeError, ValueError, IndexError) as error:
            return {"failed": f"{Path(ask['file']).name}: {error}"}

    def _hear(self, ask: dict[str, Any]) -> dict[str, Any]:
        import numpy as np
        import soundfile

        wav, rate = soundfile.read(ask["file"], dtype="float32")
        if rate != SAMPLE_RATE:
            raise ValueError(f"it has {rate} samples a second, not {SAMPLE_RATE}")
        wav = np.clip(wav, -1, 1)
        found: dict[str, Any] = {}
        if self.decoder is not None and "words" in ask["judges"]:
            self.decoder.start_utt()
            self.decoder.process_raw((wav * 32767).astype("<i2").tobytes(), full_utt=True)
            self.decoder.end_utt()
            hypothesis = self.decoder.hyp()
            said, heard = words(ask["text"]), words(hypothesis.hypstr if hypothesis else "")
            found |= {"said": said, "heard": heard, "errors": edits(said, heard)}
        if self.dnsmos is not None and "opinion" in ask["judges"]:
            found["p808"] = float(self.dnsmos(wav, SAMPLE_RATE, False)["p808_mos"])
        if self.encoder is not None and "voice" in ask["judges"]:
            from resemblyzer import preprocess_wav  # pyright: ignore[reportMissingImports]

            speech = preprocess_wav(wav, SAMPLE_RATE)
            voice = self.encoder.embed_utterance(speech if len(speech) > SAMPLE_RATE // 4 else wav)
            found["voice"] = [round(float(x), 5) for x in voice]
        return found

    def compare(self, ask: dict[str, str]) -> dict[str, Any]:
        """Mel cepstral distortion in dB along the best path of dynamic time warping.

        Coefficients 1 to 13 of 80 mel bands; the level, coefficient 0, is left out.
        """
        if self.librosa is None:
            return {}
        import numpy as np
        import soundfile

        one, two = (self._cepstrum(soundfile.read(ask[key])[0]) for key in ("take", "real"))
        _, path = self.librosa.sequence.dtw(one, two)
        distance = np.linalg.norm(one[:, path[:, 0]] - two[:, path[:, 1]], axis=0).mean()
        return {"mcd": float(10 * np.sqrt(2) / np.log(10) * distance), "path": path.tolist()}

    def _cepstrum(self, wav: Any) -> Any:
        import numpy as np
        from scipy.fft import dct

        assert self.librosa is not None
        mel = self.librosa.feature.melspectrogram(
            y=wav, sr=SAMPLE_RATE, n_fft=1024, hop_length=256, n_mels=80, power=1.0
        )
        log_mel = np.log(np.maximum(mel, 1e-5))
        # Scaled so that the log spectrum is the sum of c_m cos(m w), as distortion is defined.
        return dct(log_mel, axis=0, norm="ortho")[1 : N_MFCC + 1] / np.sqrt(80 / 2)


def _decoder() -> Any:
    from pocketsphinx import Decoder  # pyright: ignore[reportMissingImports]

    return Decoder(samprate=SAMPLE_RATE, loglevel="FATAL")


def _voice_encoder() -> Any:
    import torch
    from resemblyzer import VoiceEncoder  # pyright: ignore[reportMissingImports]

    torch.set_num_threads(1)
    return VoiceEncoder("cpu", verbose=False)


def _p808() -> Any:
    """DNSMOS with one thread and without its second net, three quarters of its time.

    What it says of P.808 is what `speechmos.dnsmos.run` says.
    """
    import numpy as np
    import onnxruntime  # pyright: ignore[reportMissingImports]
    from speechmos import dnsmos  # pyright: ignore[reportMissingImports]

    class Silent:
        def run(self, *_: object) -> list:
            return [np.zeros((1, 3))]

    models = Path(dnsmos.__file__).parent / "dnsmos_models"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    scorer = dnsmos.DNSMOS(models / "sig_bak_ovr.onnx", models / "model_v8.onnx")
    scorer.p808_onnx_sess = onnxruntime.InferenceSession(models / "model_v8.onnx", options)
    scorer.onnx_sess = Silent()
    return scorer


_bench: list[Bench] = []  # one a worker process


def _start() -> None:
    warnings.simplefilter("ignore")
    _bench.append(Bench())


def _missing() -> dict[str, str]:
    return _bench[0].missing


def _hear(ask: dict[str, Any]) -> dict[str, Any]:
    return _bench[0].hear(ask)


def _compare(ask: dict[str, str]) -> dict[str, Any]:
    return _bench[0].compare(ask)


def main(folder: Path) -> None:
    """Judge everything that a folder asks."""
    ask = json.loads((folder / "ask.json").read_text(encoding="utf-8"))
    processes = max(1, min(4, multiprocessing.cpu_count()))
    with multiprocessing.Pool(processes, _start) as pool:
        absent = pool.apply(_missing)
        heard = pool.map(_hear, ask["sounds"], chunksize=4)
        compared = pool.map(_compare, ask["pairs"], chunksize=4)
    files = [sound["file"] for sound in ask["sounds"]]
    found = {"sounds": dict(zip(files, heard, strict=True)), "pairs": compared, "missing": absent}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
