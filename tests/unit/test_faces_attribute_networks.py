"""deepface's networks give through us what they give through deepface. For a Python with visaged[faces-attributes]."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NETWORKS = """
import sys
from pathlib import Path

import numpy as np

models = Path(sys.argv[1])
from pipelines.faces.attributes.machine import begun
begun()
import deepface.commons.weight_utils as weights
from deepface import DeepFace
from pipelines.faces.attributes.deep import Deep
from pipelines.faces.attributes.patches import patches
from pipelines.faces.tree.attributes import NAMES

chips = np.random.default_rng(0).integers(0, 256, (3, 168, 168, 3), dtype=np.uint8)
{prepared}
deep = Deep(("emotion",), models)
said = deep(chips)["emotion"]
assert said.shape == (3, 7) and np.allclose(deep(chips[:1])["emotion"], said[:1], atol=1e-5)
for row, face in zip(said, patches(chips, 224)[..., ::-1]):
    (theirs,) = DeepFace.analyze(
        face.copy(), actions=("emotion",), detector_backend="skip", enforce_detection=False, silent=True
    )
    assert all(abs(theirs["emotion"][word] / 100 - p) < 1e-4 for word, p in zip(NAMES["emotion"], row.tolist()))
print("same")
"""
MADE = """
from deepface.models.demography.tf import Emotion
fetch, load = weights.download_weights_if_necessary, weights.load_model_weights
Emotion.weight_utils.download_weights_if_necessary = lambda **_: ""
Emotion.weight_utils.load_model_weights = lambda model, weight_file: model
made = Emotion.load_model()
made.set_weights([w + np.random.default_rng(1).normal(0, 0.1, w.shape) for w in made.get_weights()])
made.save_weights(models / "facial_expression_model_weights.h5")
weights.download_weights_if_necessary, weights.load_model_weights = fetch, load
"""


def test_deepfaces_networks_say_through_us_what_they_say_through_deepface(tmp_path):
    if not (importlib.util.find_spec("deepface") and importlib.util.find_spec("tensorflow")):
        pytest.skip("visaged[faces-attributes] is not installed")
    done = subprocess.run(
        [sys.executable, "-c", NETWORKS.format(prepared=MADE), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip().splitlines()[-1:] == ["same"], done.stderr
