"""The small networks: age and gender by face-api's, emotion by fer's. Needs TensorFlow."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras
from jaxtyping import Float32, UInt8

from pipelines.faces.attributes.patches import patches

AGE_GENDER = ("age_gender_model.bin", "age_gender_model-weights_manifest.json")
EMOTION = "emotion_model.hdf5"
_MEAN = np.array([122.782, 117.001, 104.298], dtype=np.float32)
_SEEN = 112
_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_MIDDLE = 2
"""Blocks of the same width in the middle of the network."""


class AgeGender:
    """Xception in small, as in face-api: 112 x 112 pixels to years, and male or female.

    Source: Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, 2017; layers by the names of the
    weights. Weights are bytes that stand for weight = byte * scale + least.
    """

    def __init__(self, models: Path) -> None:
        """Raises OSError, ValueError or KeyError for files that are not the ones meant."""
        self._weights = _read(*(models / name for name in AGE_GENDER))
        self._run = tf.function(self._network, reduce_retracing=True)

    def __call__(self, chips: UInt8[np.ndarray, "n c c 3"]) -> Mapping[str, Float32[np.ndarray, "n k"]]:
        """Age: years. Gender: probabilities in the order female, male."""
        seen = (patches(chips, _SEEN).astype(np.float32) - _MEAN) / 255
        age, gender = self._run(tf.constant(seen))
        return {"age": age.numpy(), "gender": gender.numpy()[:, ::-1]}

    def _network(self, pixels: Any) -> tuple[Any, Any]:
        found = tf.nn.relu(self._conv(pixels, "entry_flow/conv_in"))
        found = self._narrowed(found, "entry_flow/reduction_block_0")
        found = self._narrowed(tf.nn.relu(found), "entry_flow/reduction_block_1", found)
        for block in range(_MIDDLE):
            found = found + self._separable(found, f"middle_flow/main_block_{block}", 3)
        found = self._narrowed(tf.nn.relu(found), "exit_flow/reduction_block", found)
        found = tf.nn.relu(self._one(found, "exit_flow/separable_conv"))
        pooled = tf.reduce_mean(found, axis=(1, 2))
        return self._dense(pooled, "fc/age"), tf.nn.softmax(self._dense(pooled, "fc/gender"))

    def _narrowed(self, active: Any, name: str, before: Any = None) -> Any:
        """Half as wide and high. before: what goes around the block, where that is not what goes through it."""
        within = self._one(tf.nn.relu(self._one(active, f"{name}/separable_conv0")), f"{name}/separable_conv1")
        pooled = tf.nn.max_pool2d(within, 3, 2, "SAME")
        return pooled + self._conv(active if before is None else before, f"{name}/expansion_conv")

    def _separable(self, found: Any, name: str, times: int) -> Any:
        for number in range(times):
            found = self._one(tf.nn.relu(found), f"{name}/separable_conv{number}")
        return found

    def _one(self, found: Any, name: str) -> Any:
        weights = self._weights
        depth, points = weights[f"{name}/depthwise_filter"], weights[f"{name}/pointwise_filter"]
        return tf.nn.separable_conv2d(found, depth, points, (1, 1, 1, 1), "SAME") + weights[f"{name}/bias"]

    def _conv(self, found: Any, name: str) -> Any:
        return tf.nn.conv2d(found, self._weights[f"{name}/filters"], 2, "SAME") + self._weights[f"{name}/bias"]

    def _dense(self, found: Any, name: str) -> Any:
        return found @ self._weights[f"{name}/weights"] + self._weights[f"{name}/bias"]


class Emotion:
    """fer's network: 64 x 64 pixels in grey to the seven emotions."""

    def __init__(self, models: Path) -> None:
        """Raises OSError or ValueError for a file that is not the one meant."""
        self._model = tf_keras.models.load_model(models / EMOTION, compile=False)

    def __call__(self, chips: UInt8[np.ndarray, "n c c 3"]) -> Mapping[str, Float32[np.ndarray, "n k"]]:
        """Probabilities in the order of NAMES."""
        size = self._model.input_shape[1]
        grey = patches(chips, size).astype(np.float32) @ _GREY
        return {"emotion": self._model.predict_on_batch(grey[..., np.newaxis] / 127.5 - 1)}


def _read(data: Path, manifest: Path) -> Mapping[str, Any]:
    """The weights of a file by their names."""
    raw, at, found = data.read_bytes(), 0, {}
    (group,) = json.loads(manifest.read_bytes())
    for one in group["weights"]:
        count, packed = int(np.prod(one["shape"])), one.get("quantization")
        kind = np.dtype(packed["dtype"] if packed else one["dtype"])
        values = np.frombuffer(raw, dtype=kind, count=count, offset=at).astype(np.float32)
        if packed:
            values = values * np.float32(packed["scale"]) + np.float32(packed["min"])
        found[one["name"]] = tf.constant(values.reshape(one["shape"]))
        at += count * kind.itemsize
    return found
