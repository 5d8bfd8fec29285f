"""How good a model is on frames that it has not seen: their pictures, and where their lips are."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64, UInt8
from torch import Tensor

from pipelines.talking_head import HOP
from pipelines.talking_head.judge import baselines, drive, mouths, pixels, report
from pipelines.talking_head.judge.blocks import Fold
from pipelines.talking_head.judge.following import REACH, followed
from pipelines.talking_head.judge.probe import correlation
from pipelines.talking_head.landmarks.landmarker import Landmarker
from pipelines.talking_head.learning.drivers import Driver, Given
from pipelines.talking_head.learning.engine import Model, rendered
from pipelines.talking_head.listen.front import Sound
from pipelines.talking_head.listen.hearing import Ear
from pipelines.talking_head.scene import Scene
from pipelines.talking_head.track.lips import opening_of
from pipelines.talking_head.track.tracked import Track
from pipelines.talking_head.track.watching import watched

Pictures = UInt8[np.ndarray, "h s s 3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clip:
    """A clip and the frames of it that are held out, contiguous. sound: of all of it, in step with the mouth."""

    scene: Scene
    track: Track
    held: Int64[np.ndarray, " h"]
    sound: Sound
    ear: Ear

    @property
    def truth(self) -> Pictures:
        """The held-out frames as they are, not copied."""
        pictures: Pictures = self.scene.pictures.numpy()[self.block]
        return pictures

    @property
    def block(self) -> slice:
        """The held-out frames."""
        return slice(int(self.held[0]), int(self.held[-1]) + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Exam:
    """Figures for the receipt, and how far the mouth is open in each held-out frame, by whose it is."""

    figures: dict[str, Any]
    curves: dict[str, Float64[np.ndarray, " h"]]


def examined(model: Model, driver: Driver, clip: Clip, landmarker: Landmarker) -> Exam:
    """What holds of the model in the held-out frames. Poses and eyes are the true ones; the sound is theirs alone.

    ``oracle_spread`` is that of the opening where the tracked codes drive: what is missing there is not the ear's.
    """
    own = clip.sound[int(clip.held[0]) * HOP :]
    sounds = {"right": own, "wrong": drive.wrong(own), "silent": np.zeros_like(own)}
    began = time.perf_counter()
    given = {name: said(driver, clip, sound) for name, sound in sounds.items()}
    codes = {name: one.codes for name, one in given.items()}
    codes["tracked"] = clip.scene.codes[torch.from_numpy(clip.held)]
    seconds = time.perf_counter() - began
    lips = {"truth": _lips(clip.truth, clip, landmarker)}
    near: dict[str, Any] = {}
    for name, one in codes.items():  # one film at a time: each is a fifth of a gigabyte at 512 pixels
        began = time.perf_counter()
        film = shown(model, clip, one)
        seconds += time.perf_counter() - began
        lips[name] = _lips(film, clip, landmarker)
        near |= nearness(film, clip) if name == "right" else {}
    opening = {name: opening_of(ring) for name, ring in lips.items()}
    truth = opening["truth"]
    figures = {
        "frames": len(clip.held),
        **near,
        "lmd_percent": {name: round(100 * mouths.distance(lips[name], lips["truth"]), 3) for name in sounds},
        "opening_correlation": {name: round(correlation(opening[name], truth), 3) for name in sounds},
        "lag": lag(opening["right"], truth),
        "opening_spread": round(mouths.spread(opening["right"], truth), 3),
        "oracle_spread": round(mouths.spread(opening["tracked"], truth), 3),
        "mouths_never_seen_percent": round(100 * float(given["right"].held.float().mean()), 1),
        "frames_a_second": round(len(codes) * len(clip.held) / seconds, 1),
    }
    return Exam(figures, {"truth": truth, "right sound": opening["right"], "silence": opening["silent"]})


def lag(opening: Float64[np.ndarray, " h"], truth: Float64[np.ndarray, " h"]) -> dict[str, Any] | None:
    """By how many frames the mouth follows best, and how surely; None where too few are held out to tell.

    The opening is shifted in place of the sound, as nothing else of a frame depends on it but the pose, which it is
    measured free of.
    """
    if len(truth) <= 2 * REACH:
        return None
    block = Fold(np.empty(0, dtype=np.int64), np.arange(len(truth), dtype=np.int64))
    return report.lag(followed(drive.slid(opening, [block]), truth))


def said(driver: Driver, clip: Clip, sound: Sound) -> Given:
    """What drives the model in the held-out frames to that sound."""
    saying = driver.hearing(clip.ear(sound))
    return saying(np.arange(len(clip.held)), clip.scene.eyes[torch.from_numpy(clip.held)])


def shown(model: Model, clip: Clip, codes: Float[Tensor, "h k"]) -> Pictures:
    """The held-out frames, whole, as the model shows them by those codes."""
    pairs = zip(clip.held, codes, strict=True)
    with torch.no_grad():
        return np.stack([pictured(rendered(model, clip.scene, int(row), one)) for row, one in pairs])


def nearness(film: Pictures, clip: Clip) -> dict[str, Any]:
    """PSNR and SSIM of the whole frame and of the head over the true rest, and of what knows nothing of the sound."""
    truth, scene = clip.truth, clip.scene
    shares = scene.head.numpy()[clip.block]
    parts = zip(film, shares, truth, strict=True)
    heads = np.stack([pixels.over(one, share / np.float32(255), true) for one, share, true in parts])
    before = np.arange(int(clip.held[0]))
    nearest = baselines.nearest(clip.track.poses.chosen(before), clip.track.poses.chosen(clip.held))
    known = scene.pictures.numpy()
    mean = np.broadcast_to(baselines.mean_frame(known[: clip.block.start]), truth.shape)
    return {
        "whole_frame": _alike(film, truth),
        "head_over_true_rest": _alike(heads, truth),
        "nearest_pose_psnr": round(pixels.mean_psnr((known[row] for row in nearest), truth), 2),
        "mean_frame_psnr": round(pixels.mean_psnr(mean, truth), 2),
    }


def pictured(shown: Tensor) -> UInt8[np.ndarray, "s s 3"]:
    """A rendering, 0 to 1, as a picture."""
    found: UInt8[np.ndarray, "s s 3"] = (shown.clamp(0, 1) * 255).round().byte().cpu().numpy()
    return found


def _lips(film: Pictures, clip: Clip, landmarker: Landmarker) -> Float64[np.ndarray, "h 40 2"]:
    """Those of the held-out frames in a film of them."""
    return watched(film, landmarker, clip.track.head, clip.track.poses.chosen(clip.held))[0]


def _alike(film: Pictures, truth: Pictures) -> dict[str, float]:
    similar = np.mean([pixels.ssim(one, true) for one, true in zip(film, truth, strict=True)])
    return {"psnr": round(pixels.mean_psnr(film, truth), 2), "ssim": round(float(similar), 4)}
