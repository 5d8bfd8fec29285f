"""What the tests of talking heads share: films and sounds that are made here, and the handed-out clips and weights."""
# ruff: noqa: PLC0415 - torch is not everywhere, and not every test needs it

import struct
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from pipelines.talking_head import HOP
from pipelines.talking_head.drive.codes import Mouths
from pipelines.talking_head.drive.motion import Clip
from pipelines.talking_head.landmarks.points import GAPS, JAW_OPEN, LIPS
from pipelines.talking_head.listen.hearing import Ear

RATE = 16_000
WEIGHTS = {
    "face_landmarker.task": "GeneFacePlusPlus",
    "silero_vad_16k_op15.onnx": "silero-vad",
    "melspectrogram.onnx": "pypi",
    "embedding_model.onnx": "pypi",
}


def weights(data, name):
    return data / "weights" / WEIGHTS[name] / name


def film(path, pictures, *, times=None, sound=None, codec="libx264", options=None):
    """An MP4 of the pictures, at those seconds (else 25 a second), with sound of 16 kHz, one or more channels."""
    pictures = [np.ascontiguousarray(picture) for picture in pictures]
    times = [number / 25 for number in range(len(pictures))] if times is None else times
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        video = container.add_stream(codec, rate=25, options={"bf": "0", **(options or {})})
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt = "yuv420p"
        video.codec_context.time_base = Fraction(1, 12_800)
        spoken = None
        if sound is not None:
            sound = np.atleast_2d(sound).astype(np.float32)
            spoken = container.add_stream("aac", rate=RATE, layout="mono" if len(sound) == 1 else "stereo")
        for picture, time in zip(pictures, times, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(time * 12_800), Fraction(1, 12_800)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if spoken is not None:
            for start in range(0, sound.shape[1], 1024):
                part = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(sound[:, start : start + 1024]), "fltp", spoken.layout
                )
                part.sample_rate, part.pts, part.time_base = RATE, start, Fraction(1, RATE)
                container.mux(spoken.encode(part))
            container.mux(spoken.encode(None))
    return path


def turned(path, quarters):
    """Afterwards players turn the film of path so often by 90 degrees clockwise: its display matrix says so."""
    content = bytearray(path.read_bytes())
    matrices = {
        1: (0, 1, 0, -1, 0, 0),
        2: (-1, 0, 0, 0, -1, 0),
        3: (0, -1, 0, 1, 0, 0),
    }
    a, b, u, c, d, v = matrices[quarters]
    at = content.index(b"tkhd") + 4
    content[at + 40 : at + 76] = struct.pack(">9i", a << 16, b << 16, u, c << 16, d << 16, v, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


def wav(path, samples, *, rate=RATE, width=2):
    """A WAV of those samples (-1 to 1), a row a channel, of so many bytes each."""
    samples = np.atleast_2d(samples)
    whole = np.round(samples.T * (2 ** (8 * width - 1) - 1)).astype("<i4")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(samples))
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(whole.reshape(-1, 1).view(np.uint8)[:, :width].tobytes())
    return path


def tone(seconds, hertz=220.0, rate=RATE):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def decoded(path: Path, count=None):
    """The frames of a clip as they are stored, at most so many."""
    found = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            found.append(frame.to_ndarray(format="rgb24"))
            if count and len(found) >= count:
                break
    return found


class Loud:
    """A front end that hears how loud each frame is, and its neighbours a little."""

    name = "loud"
    digest = "0" * 64

    def __call__(self, sound):
        level = np.sqrt((sound[: len(sound) // HOP * HOP].reshape(-1, HOP) ** 2).mean(axis=1))
        around = np.pad(level, 1)
        beside = (around[:-2] + around[2:]) / 2
        return np.stack([level, beside], axis=1)[:, None].astype(np.float32)


def always(sound):
    """Hears speech in all of a sound."""
    return np.ones(len(sound) // HOP, dtype=bool)


def heard_by(front, sound):
    """The sound as an ear hears it that takes all for speech."""
    return Ear(front, always)(sound)


def wandering(frames, seed):
    path = np.random.default_rng(seed).normal(size=frames + 4)
    return np.abs(np.convolve(path, np.ones(5) / 2, mode="valid"))


def mouth_of(opening, size=0.1, seed=0):
    """Mouths that open so far, with a little noise of the tracker; the jaw goes along."""
    noise = np.random.default_rng(seed)
    shape = np.random.default_rng(7).normal(size=(len(LIPS), 2))
    lips = np.tile(shape, (len(opening), 1, 1))
    for upper, lower in GAPS:
        lips[:, LIPS.index(upper)], lips[:, LIPS.index(lower)] = [0.0, 0.5], [0.0, 0.5]
        lips[:, LIPS.index(upper), 1] += size * opening / 2
        lips[:, LIPS.index(lower), 1] -= size * opening / 2
    faces = np.zeros((len(opening), 52))
    faces[:, JAW_OPEN] = size * opening
    return Mouths(lips + size * noise.normal(0, 0.02, lips.shape), faces + size * noise.normal(0, 0.02, faces.shape))


def talking(frames, seed=0, size=0.1):
    """A clip in which the mouth is as far open as the sound is loud."""
    opening = wandering(frames, seed)
    noise = np.random.default_rng(seed).normal(size=frames * HOP)
    sound = (np.repeat(opening, HOP) * np.sign(noise)).astype(np.float32)
    return Clip(sound, mouth_of(opening, size, seed), np.ones(frames, dtype=bool))


def a_talking_ball():
    """A ball with a dark mouth that opens as its sound is loud, 24 frames of 32 pixels; and its head."""
    import torch

    from pipelines.talking_head.egstalker.engine import Egstalker
    from pipelines.talking_head.egstalker.sizes import Sizes
    from pipelines.talking_head.gaussians.cloud import Counts
    from pipelines.talking_head.learning.course import Course
    from pipelines.talking_head.scene import Scene
    from pipelines.talking_head.track.bundle import Head
    from pipelines.talking_head.track.turning import FOCAL

    generator = np.random.default_rng(2)
    frames, side = 24, 32
    opening = 0.5 + 0.5 * np.sin(np.arange(frames))
    y, x = (np.mgrid[:side, :side] + 0.5) / side - 0.5
    pictures = np.zeros((frames, side, side, 3), dtype=np.uint8)
    ball = np.hypot(x, y) < 0.3
    for k in range(frames):
        mouth = (np.abs(x) < 0.12) & (np.abs(y - 0.12) < 0.08 * opening[k])
        pictures[k] = np.where(
            mouth[..., None], [60, 20, 20], np.where(ball[..., None], [220, 170, 150], [40, 80, 120])
        )
    angles = generator.uniform(0, 2 * np.pi, 200)
    radius = 0.3 * np.sqrt(generator.uniform(0, 1, 200)) * 128 / FOCAL
    shape = np.stack([radius * np.cos(angles), radius * np.sin(angles), np.zeros(200)], axis=1)
    head = Head(shape=shape, bases=np.zeros((1, 200, 3)), mean=np.zeros(52), directions=np.zeros((52, 1)))
    triangles = torch.from_numpy(generator.integers(0, 200, (150, 3)))
    codes = torch.from_numpy(opening[:, None]).float() * 2 - 1
    scene = Scene(
        pictures=torch.from_numpy(pictures),
        ground=torch.from_numpy(np.tile(np.array([40, 80, 120], dtype=np.uint8), (side, side, 1))),
        head=torch.from_numpy(np.tile((ball * 255).astype(np.uint8), (frames, 1, 1))),
        torso=torch.full((frames, side, side), 1, dtype=torch.uint8),
        turns=torch.diag(torch.tensor([1.0, -1.0, -1.0])).repeat(frames, 1, 1),
        moves=torch.tensor([[0.0, 0.0, 128.0]]).repeat(frames, 1),
        heard=codes[:, None, None].repeat(1, 8, 1, 4),
        eyes=torch.zeros(frames, 2),
        sway=torch.zeros(frames, 4),
        codes=codes,
        opening=torch.from_numpy(opening).float(),
        lips=torch.tensor([[10.0, 16.0, 22.0, 24.0]]).repeat(frames, 1),
    )
    small = Sizes(planes=(8, 16), channels=4, agents=4, hidden=8, degree=1, most=260, strain=1e-3)
    engine = Egstalker(counts=Counts(face=150, hair=40, torso=20), sizes=small)
    return scene, head, triangles, Course(engine=engine, iterations=60)


def made_up_track(frames=30, side=16):
    """A track and the sights of a clip whose numbers mean nothing."""
    from pipelines.talking_head.track.bundle import Head
    from pipelines.talking_head.track.sights import Sights
    from pipelines.talking_head.track.tracked import Track
    from pipelines.talking_head.track.turning import Poses

    some = np.random.default_rng(4)
    head = Head(
        shape=some.normal(size=(468, 3)),
        bases=some.normal(size=(2, 468, 3)),
        mean=some.normal(size=52),
        directions=some.normal(size=(52, 2)),
    )
    track = Track(
        head=head,
        poses=Poses(turns=np.tile(np.eye(3), (frames, 1, 1)), moves=some.normal(size=(frames, 3))),
        coefficients=some.normal(size=(frames, 2)),
        at=some.normal(size=(frames, 468, 2)),
        lips=some.normal(size=(frames, 40, 2)),
        mouth=some.normal(size=(frames, 4)),
        blink=some.uniform(size=(frames, 2)),
        there=some.uniform(size=frames) > 0.1,
        reprojection=some.uniform(size=frames),
        learned=np.arange(frames),
    )
    shown = some.integers(0, 256, (frames, side, side, 3), dtype=np.uint8)
    sway = 0.01 * some.normal(size=(frames, 4))
    shares = {"head": shown[..., 0].copy(), "torso": shown[..., 1].copy()}
    sights = Sights(pictures=shown, ground=shown[0], sway=sway, **shares)
    return track, sights


def begun(world):
    """The model of a world at its start, the same whenever it is asked for."""
    import torch

    scene, head, triangles, course = world
    torch.manual_seed(course.seed)
    return course.engine.begun(scene, head, triangles, course.drive)


def taken_up_again(world, path):
    """A course of a world that is killed in its 17th iteration and taken up from the last checkpoint in path.

    Afterwards: what it came to, and the iterations of its second sitting.
    """
    import torch

    from pipelines.talking_head.learning.course import Watch, learned

    scene, _, _, course = world
    rows, steps = torch.arange(len(scene)), []

    def killed(step, _model):
        if step.iteration == 17:
            raise KeyboardInterrupt

    try:
        learned(begun(world), scene, rows, course, Watch(path, killed))
    except KeyboardInterrupt:
        again = Watch(path, lambda step, _model: steps.append(step.iteration))
        return learned(begun(world), scene, rows, course, again), steps
    raise AssertionError("the course was not killed")
