"""What the tests of talking heads share: films and sounds that are made here, and the handed-out clips and weights."""

import struct
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

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
