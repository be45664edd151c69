"""Judges that are not ours, run in an environment of their own: word error and DNSMOS P.808.

`python outside_judges.py FOLDER` reads FOLDER/texts.json (file name to text) and the 16 kHz takes
beside it, and prints one JSON object: for each file the words heard and the predicted opinion. It
imports nothing of EmoStudio, so that the environment holds the judges alone.
"""

import json
import re
import sys
from pathlib import Path

PACKAGES = ("pocketsphinx==5.1.1", "speechmos==0.0.1.1", "onnxruntime", "librosa", "soundfile")


def words(text: str) -> list[str]:
    """Lower-case words without punctuation."""
    return re.sub(r"[^a-z' ]+", " ", text.lower()).split()


def word_errors(said: list[str], heard: list[str]) -> int:
    """Least number of words to change, add or leave out (Levenshtein distance)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def main(folder: Path) -> None:
    """Judge every take of a folder."""
    import numpy as np
    import soundfile
    from pocketsphinx import Decoder  # pyright: ignore[reportMissingImports]
    from speechmos import dnsmos  # pyright: ignore[reportMissingImports]

    decoder = Decoder(samprate=16_000, loglevel="FATAL")
    found = {}
    for name, text in json.loads((folder / "texts.json").read_text(encoding="utf-8")).items():
        wav, _ = soundfile.read(folder / name, dtype="float32")
        wav = np.clip(wav, -1, 1)
        decoder.start_utt()
        decoder.process_raw((wav * 32767).astype("<i2").tobytes(), full_utt=True)
        decoder.end_utt()
        heard = decoder.hyp().hypstr if decoder.hyp() else ""
        found[name] = {
            "said": words(text),
            "heard": words(heard),
            "errors": word_errors(words(text), words(heard)),
            "p808": float(dnsmos.run(wav, 16_000)["p808_mos"]),
        }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
