"""Talking heads: what each front end tells of the mouth, by a straight line, and as the codes that drive a subject."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.report import Report, Table
from bench.talking import CLIPS, NAMES, Case, case_of, ear_of, spoken, taught, weights
from pipelines.talking_head import FPS
from pipelines.talking_head.drive import motion
from pipelines.talking_head.judge import probe, report
from pipelines.talking_head.judge.report import Judgement, Spoken
from pipelines.talking_head.listen.front import Features, FrontEnd, Sound, apart
from pipelines.talking_head.listen.hearing import Ear
from pipelines.talking_head.listen.joined import Joined
from pipelines.talking_head.listen.mel import Mel
from pipelines.talking_head.listen.speech import Speech
from pipelines.talking_head.track.lips import opening_of
from pipelines.talking_head.weights import EMBEDDING, MELSPECTROGRAM, WHISPER

SHORT = tuple(name.split("/")[0] for name in NAMES)
ABOUT = """
The clips are those of `talking`, cut as there: five blocks, of each of which its own sound alone is heard. Line: a
ridge regression to the opening of the mouth, and its correlation with the true one in frames that it has not seen;
within a clip, and of a voice that none of the other three clips has. Codes: as in `talking`, the opening of the mouth
that is driven by the front end; r at no shift of the sound, alone (taught by the clip itself) and with the other clips;
holds: of how many clips all the claims of `talking` hold; LMD: with the right audio, as a share of that with wrong
audio and with silence. Which of Whisper's layers is used, and the numbers of the method, were chosen by these same
clips.
""".strip()


@dataclass(frozen=True, slots=True)
class Remembering:
    """A front end that does not listen twice to the same sound: the lessons of the folds share most of theirs."""

    front: FrontEnd
    known: dict[bytes, Features] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """That of the front end."""
        return self.front.digest

    def __call__(self, sound: Sound) -> Features:
        """What the front end hears."""
        key = hashlib.sha256(sound.tobytes()).digest()
        if key not in self.known:
            self.known[key] = self.front(sound)
        return self.known[key]


def measure(folder: Path) -> Report:
    """All of it: three minutes on two cores that nobody else wants."""
    del folder
    if not CLIPS.is_dir():
        return Report(name="fronts", title="Front ends", about="The clips are not here.", tables=())
    files = weights()
    cases = [case_of(CLIPS / name, files) for name in NAMES]
    fronts = _fronts(files)
    lines = [_line(name, front, cases) for name, front in {**fronts, **_layers(files)}.items()]
    heavy = {Mel.name}  # 3,840 numbers a frame: an hour with the other clips
    codes = [
        _codes(name, ear_of(Remembering(front), files), cases) for name, front in fronts.items() if name not in heavy
    ]
    each = tuple(f"{where}, {name}" for where in ("within", "unseen") for name in (*SHORT, "mean"))
    sides = tuple(f"{how}, {what}" for how in ("alone", "with others") for what in (*SHORT, "mean", "holds", "LMD"))
    return Report(
        name="fronts",
        title="What front ends tell of the mouth",
        about=ABOUT,
        tables=(
            Table(title="Line", columns=("front end", *each, "ms a second of sound"), rows=tuple(lines)),
            Table(title="Codes", columns=("front end", *sides), rows=tuple(codes)),
        ),
    )


def _fronts(files: Path) -> Mapping[str, FrontEnd]:
    from pipelines.talking_head.listen.whisper import Whisper  # noqa: PLC0415  torch is an extra

    speech = Speech(files / MELSPECTROGRAM, files / EMBEDDING)
    return {"mel": Mel(), "speech": speech, "speech+mel": Joined(speech), "whisper": Whisper(files / WHISPER)}


def _layers(files: Path) -> Mapping[str, FrontEnd]:
    """Whisper to each of its other layers."""
    from pipelines.talking_head.listen.whisper import LAYERS, Whisper  # noqa: PLC0415  as above

    others = [number for number in range(1, 7) if number != LAYERS]
    return {f"whisper, layer {number}": Whisper(files / WHISPER, number) for number in others}


def _line(name: str, front: FrontEnd, cases: Sequence[Case]) -> tuple[str, ...]:
    began = time.process_time()
    heard = [apart(front, case.clip.sound, [int(fold.held[-1]) + 1 for fold in case.parts]) for case in cases]
    took = (time.process_time() - began) / sum(len(one) for one in heard) * FPS
    told = [opening_of(case.clip.mouths.lips) for case in cases]
    within = [
        probe.correlation(probe.held_out(one, opening, case.parts), opening)
        for one, opening, case in zip(heard, told, cases, strict=True)
    ]
    unseen = []
    for at in range(len(cases)):
        rest = [other for other in range(len(cases)) if other != at]
        wanted = np.concatenate([(told[other] - told[other].mean()) / told[other].std() for other in rest])
        line = probe.fitted(np.concatenate([heard[other] for other in rest]), wanted)
        unseen.append(probe.correlation(line(heard[at]), told[at]))
    found = (name, *_numbers(within), *_numbers(unseen), f"{1000 * took:.0f}")
    print("  ".join(found), file=sys.stderr, flush=True)
    return found


def _codes(name: str, ear: Ear, cases: Sequence[Case]) -> tuple[str, ...]:
    lessons = [motion.lesson(case.clip, ear.front) for case in cases]
    found: list[str] = []
    for helped in (False, True):
        judged = []
        for at, case in enumerate(cases):
            others = [one for other, one in enumerate(lessons) if helped and other != at]
            said = spoken(case, taught(case, others, ear.front), ear)
            judged.append(report.judged(Spoken(truth=case.clip.mouths.lips, **said), case.parts))
        found += _sides(judged)
        print(name, *found, sep="  ", file=sys.stderr, flush=True)
    return (name, *found)


def _sides(judged: Sequence[Judgement]) -> list[str]:
    middle = len(judged[0].following.curve) // 2
    right = np.array([(one.distances.right / one.distances.wrong, one.distances.right / one.distances.silent)
                      for one in judged]).mean(axis=0)  # fmt: skip
    holds = sum(all(one.claims.values()) for one in judged)
    numbers = _numbers([float(one.following.curve[middle]) for one in judged])
    return [*numbers, f"{holds} of {len(judged)}", f"{right[0]:.2f}, {right[1]:.2f}"]


def _numbers(each: Sequence[float]) -> list[str]:
    return [f"{one:.2f}" for one in (*each, float(np.mean(each)))]
