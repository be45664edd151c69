"""Planned trials of small studies, as judgments without an answer."""

from emostudio.listening.judgments import Judgment
from emostudio.listening.protocol import Protocol

HEARD = ("happy", "sad", "angry", "fear")
ASKED = (0.3, 0.6, 0.9)


def full(listeners: int, utterances: int, systems: int) -> list[Judgment]:
    """Everybody hears everything."""
    return [
        Judgment(f"l{who}", f"s{one}", f"u{what}", stimulus=f"{one}-{what}")
        for who in range(listeners)
        for what in range(utterances)
        for one in range(systems)
    ]


def square(listeners: int, utterances: int, systems: int) -> list[Judgment]:
    """Everybody hears each utterance once, in rotating systems, and what was asked of it."""
    return [
        Judgment(
            f"l{who}",
            f"s{(who + what) % systems}",
            f"u{what}",
            stimulus=f"{(who + what) % systems}-{what}",
            asked_emotion=HEARD[what % 4],
            asked_intensity=ASKED[what % 3],
            asked_mix={HEARD[what % 4]: 0.7, HEARD[(what + 1) % 4]: 0.3},
            duration_s=2.0,
        )
        for who in range(listeners)
        for what in range(utterances)
    ]


def against(listeners: int, utterances: int, systems: int) -> list[Judgment]:
    """Everybody compares two systems in each utterance, in balanced order."""
    trials = []
    for who in range(listeners):
        for what in range(utterances):
            a = (who + what) % systems
            b = (a + 1) % systems
            trials.append(
                Judgment(
                    f"l{who}",
                    f"s{a}",
                    f"u{what}",
                    other_system=f"s{b}",
                    stimulus=f"{a}-{what}",
                    other=f"{b}-{what}",
                    swapped=bool((who // systems + what // systems) % 2),
                    asked_intensity=ASKED[a % 3],
                    other_asked_intensity=ASKED[b % 3],
                    duration_s=2.0,
                    other_duration_s=2.0,
                )
            )
    return trials


def planned(protocol: Protocol, listeners: int, utterances: int, systems: int) -> list[Judgment]:
    """Trials that suit the kind of a study."""
    trials = against if protocol.about.is_pair else square
    return trials(listeners, utterances, systems)
