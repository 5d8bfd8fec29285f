"""Talking heads: a video of somebody talking, and sound, become the video of them saying it.

Here: what the daemon knows of it, on the standard library alone. The map of the package:

- ``claim``    which items are talking heads'
- ``ingest``   any video or sound becomes frames at 25 a second and 16 kHz sound that keep step, or a reason why not
- ``landmarks``  faces in pictures, and the landmarks of one face followed through a video
- ``track``    head pose, blinks, lips; what is head, torso and background
- ``listen``   the front ends: sound becomes features, a row a frame;  ``own``  networks for it that users bring
- ``offset``   by how many frames the sound of a clip lags
- ``drive``    sound becomes the movements of a mouth, before any engine shows them
- ``scene``    a clip as engines learn it;  ``learning``  the loop, the checkpoints, the drivers that all engines share
- ``engines``  which engine a name means
- ``egstalker``  Gaussians and a net that moves them;  ``ernerf``  a radiance field that hears
- ``gaussians``  what Gaussians are, where they lie on a head, and how they are drawn
- ``playing``  the frames of the clip as an endless loop;  ``subject``, ``about``  what is remembered of somebody
- ``film``     pictures and sound become an MP4;  ``preview``  truth and rendering on one page
- ``marks``    what films say of themselves;  ``signing``  the same, signed (content credentials)
- ``judge``    whether what is rendered follows the audio, and how near to the truth it comes
- ``stages``   the stages, which put all of it together;  ``weights``  the files of weights that these need
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.contract import Command, Gpus, Loose, Pipeline, Publish, Stage, checked, option, setting
from pipelines.talking_head.claim import KINDS, PRINCIPAL, WHOLE, claim, goes_on
from pipelines.talking_head.ingest.part import AUTO, Part, part_of
from pipelines.talking_head.own import KINDS as OWN
from pipelines.talking_head.own import own_pack
from pipelines.talking_head.weights import WEIGHTS, WHISPER

FPS = 25
"""Frames a second of everything inside."""
RATE = 16_000
"""Samples a second of all sound inside."""
HOP = RATE // FPS
"""Samples a frame."""

ENGINES = ("egstalker", "ernerf")
FORMER = {"gaussians": "egstalker"}
"""What engines were called before."""
FRONTS = ("speech+mel", "speech", "mel", "whisper", *OWN)
DRIVES = ("motion", "audio")
RASTERS = ("own", "gsplat")
STAGES = (WHOLE, "head", "lips", "torso")
"""What of a head is learned: all, or one part of it."""
LINE = 300
"""Letters of a line that users write into their films, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a user may ask of a subject. Raises ValueError with a plain sentence where a value cannot be had."""

    engine: str = option("egstalker", "What learns and draws the head: Gaussians or a radiance field.", choices=ENGINES)
    drive: str = option("motion", "What moves the mouth: movements learned first, or sound at once.", choices=DRIVES)
    front_end: str = option(
        "speech+mel", "What listens: a network that knows speech, plain mel bands, or both together.", choices=FRONTS
    )
    front_end_folder: str = option("", "For hubert and wav2vec2: the folder among the models that holds the network.")
    resolution: int = option(128, "Pixels along each side of the film; an even number.", least=64, most=512)
    begin: float | str = option(0.0, 'From when on the video is used: seconds, or a time as in "1:20.5".')
    end: float | str = option("", "Until when the video is used, likewise; empty: to its end.")
    crop: str = option(AUTO, 'The region of the picture that is used: "left,top,width,height" in pixels.')
    iterations: int = option(2000, "How long is learned from a video.", least=20, most=200_000)
    most_minutes: float = option(0.0, "After so many minutes of learning it ends with what it has; 0: never.", least=0)
    most_memory: float = option(0.0, "GiB that learning may take, else it stops with the reason; 0: any.", least=0)
    raster: str = option("own", "What draws Gaussians: ours, or gsplat's (a GPU with nvcc).", choices=RASTERS)
    stage: str = option(WHOLE, "Engine ernerf: learn all, or one part of what was learned before.", choices=STAGES)
    with_torso: bool = option(default=True, about="Engine ernerf: learn and draw the torso too.")
    seed: int = option(0, "Where chance begins; the same gives the same.", least=0, most=1_000_000)
    consent: str = option("", "Who agreed to be shown, and how; it is written into the films.")
    made_by: str = option("", "Who made the films, as it is written into them.")
    synthetic_mark: bool = setting(default=True, about="Films say that they are synthetic; receipts always do.")
    credentials: str = setting("", "Folder with certificate.pem and key.pem, by which films are signed (C2PA).")

    def __post_init__(self) -> None:
        if self.engine in FORMER:
            now = FORMER[self.engine]
            raise ValueError(f'engine = "{self.engine}": that was the name of "{now}" before it had nets')
        checked(self)
        self._in_parts()
        for name in ("consent", "made_by"):
            if len(text := getattr(self, name)) > LINE or not text.isprintable():
                raise ValueError(f"{name} = {json.dumps(text)}: it must be one line of at most {LINE} letters")
        if self.credentials and not self.credentials.startswith("/"):
            told = "it must be a whole path, from / on"
            raise ValueError(f"credentials = {json.dumps(self.credentials)}: {told}")
        if self.resolution % 2:
            near = f"{self.resolution - 1} or {self.resolution + 1}"
            raise ValueError(f"resolution = {self.resolution}: it must be even, because films need that; take {near}")
        if self.front_end in OWN and not self.front_end_folder:
            asks = f'front_end = "{self.front_end}"'
            raise ValueError(f"front_end_folder is missing: {asks} asks for the folder in which you brought it")
        part_of(self.begin, self.end, self.crop)

    def _in_parts(self) -> None:
        """Raises ValueError where a part is asked for that the engine does not have."""
        if self.engine != "ernerf" and (self.stage != WHOLE or not self.with_torso):
            asked = f'stage = "{self.stage}"' if self.stage != WHOLE else "with_torso = false"
            raise ValueError(f'{asked}: engine = "{self.engine}" learns all at once; only "ernerf" learns in parts')
        if self.stage == "torso" and not self.with_torso:
            raise ValueError('stage = "torso" with with_torso = false: there would be nothing to learn')

    @property
    def front(self) -> str:
        """The front end's whole name, by which a model asks for it again: ``hubert/<folder>``."""
        return f"{self.front_end}/{self.front_end_folder}" if self.front_end in OWN else self.front_end

    @property
    def part(self) -> Part:
        """The part of the video that is learned from."""
        return part_of(self.begin, self.end, self.crop)


def needed(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The files of weights that a job with these options needs. Whisper is large, so it comes where it is asked for."""
    spared = () if options.get("front_end") == "whisper" else (WHISPER,)
    return tuple(weights.name for weights in WEIGHTS if weights.name not in spared)


GIB = 1024**3
DAY = 24 * 3600.0

PIPELINE = Pipeline(
    name="talking_head",
    version="1",
    stages=(
        Stage(name="ingest", memory=2 * GIB, recalls=True),
        Stage(name="track", memory=4 * GIB),
        Stage(name="listen", memory=3 * GIB, recalls=True),
        Stage(name="train", memory=4 * GIB, timeout=7 * DAY, gpus=Gpus.OPTIONAL, gpu_memory=8 * GIB, recalls=goes_on),
        Stage(name="render", memory=2 * GIB, timeout=7 * DAY, gpus=Gpus.OPTIONAL, gpu_memory=4 * GIB, recalls=True),
        Stage(name="mux", memory=GIB, recalls=True),
    ),
    options=Options,
    kinds=KINDS,
    principal=PRINCIPAL,
    claim=claim,
    loose=Loose.BY_STEM,
    publish=Publish.FILE,
    keyed=True,
    remembers=True,
    key_word="subject",
    commands=(
        Command(
            name="rollback",
            about="Let an earlier model of a subject hold again.",
            stages=(Stage(name="back", memory=GIB // 4),),
            commits=True,
            hidden=True,
            heeds_options=False,
        ),
    ),
    reverted="rollback",
    weights=WEIGHTS,
    needs=needed,
    own_pack=own_pack,
    once=("begin", "end", "crop", "stage"),
)
