"""What ZEST's authors report [1, tables 1 and 2], as shares; on ESD, by judges of their own.

Their word figure is the character error of a recognizer of speech, their emotions are five.

[1] https://arxiv.org/abs/2401.04511
"""

CHARACTER_ERROR = {
    "SSST": 0.072,
    "SSDT": 0.056,
    "DSST": 0.072,
    "DSDT": 0.054,
    "UTE": 0.059,
    "USS": 0.148,
}
SPEAKER_ACCURACY = {"SSST": 0.994, "SSDT": 0.998, "DSST": 0.978, "DSDT": 0.997, "UTE": 0.986}
# None is given for an unseen emotion, which their judge does not know.
_HEARD_IN = ("SSST", "SSDT", "DSST", "DSDT", "USS")
EMOTION_ACCURACY: dict[str, dict[str, float]] = {
    system: dict(zip(_HEARD_IN, accuracies, strict=True))
    for system, accuracies in (
        ("ZEST", (0.690, 0.638, 0.600, 0.556, 0.725)),
        ("no adversary", (0.561, 0.424, 0.468, 0.386, 0.364)),
        ("no F0 predictor", (0.558, 0.399, 0.453, 0.366, 0.284)),
    )
}
