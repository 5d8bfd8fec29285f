"""Networks by torch, on the processor: they say the same as by onnxruntime, or are refused in words."""

import os
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("onnx", reason="onnx is not installed (visaged[faces-torch])")
    pytest.importorskip("torch", reason="torch is not installed (visaged[faces-torch])")

import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from pipelines.faces.columns import Picture
from pipelines.faces.embed import sessions
from pipelines.faces.embed.by_torch import session
from pipelines.faces.embed.by_torch.nodes import NotKnown
from pipelines.faces.embed.looking import Eyes, eyes, look
from pipelines.faces.embed.recognition import Recogniser
from pipelines.faces.embed.scrfd import Scrfd
from pipelines.faces.embed.views import View, Wishes
from pipelines.faces.registry import PACKS

CLOSE = 1e-4
LEAST = 0.01
"""Of a network's largest number, for CLOSE: onnxruntime's sigmoid is off by 3e-7, much of nobody's score."""
torch.set_num_threads(1)  # several would wait for each other where cores are shared
RNG = np.random.default_rng(5)


def noise(*shape):
    return RNG.standard_normal(shape, dtype=np.float32)


def whole(*numbers):
    return np.array(numbers, dtype=np.int64)


def truth(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def assert_alike(path: Path, **given: np.ndarray) -> list[np.ndarray]:
    """By torch as by onnxruntime, to CLOSE of the largest number of each output."""
    expected, said = truth(path).run(None, given), session.opened(path, "cpu").run(None, given)
    assert [one.dtype for one in said] == [one.dtype for one in expected]
    for one, other in zip(said, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=CLOSE * float(np.abs(other).max(initial=LEAST)))
    return said


# ---------------------------------------------------------------- the networks of the packs


def faces(data: Path, count: int) -> np.ndarray:
    """Pictures with a face, as they come."""
    paths = sorted((data / "faces" / "lfw").glob("*.jpg"))[:count]
    return np.stack([cv2.imread(str(path), cv2.IMREAD_COLOR) for path in paths])


def blob(pictures: np.ndarray, width: int, height: int, scale: float = 1.0, mean: float = 0.0) -> np.ndarray:
    return cv2.dnn.blobFromImages(list(pictures), scale, (width, height), (mean,) * 3, swapRB=True)


@pytest.mark.data
@pytest.mark.parametrize(("count", "width", "height"), [(1, 64, 64), (1, 320, 256), (3, 96, 160), (1, 640, 640)])
def test_scrfd_says_the_same(models, data, count, width, height):
    given = blob(faces(data, count), width, height, 1 / 128, 127.5)
    assert_alike(models / "scrfd_500m_bnkps.onnx", **{"input.1": given})


@pytest.mark.data
@pytest.mark.parametrize("count", [1, 2, 7])
def test_mobilefacenet_says_the_same(models, data, count):
    given = blob(faces(data, count), 112, 112, 1 / 127.5, 127.5)
    assert_alike(models / "w600k_mbf.onnx", **{"input.1": given})


@pytest.mark.data
def test_yunet_says_the_same(models, data):
    assert_alike(models / "face_detection_yunet_2023mar.onnx", input=blob(faces(data, 1), 640, 640))


@pytest.mark.data
def test_sface_says_the_same(models, data):
    assert_alike(models / "face_recognition_sface_2021dec.onnx", data=blob(faces(data, 1), 112, 112))


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "shape"),
    [
        ("scrfd_500m_bnkps.onnx", (2, 3, 64, 96)),
        ("w600k_mbf.onnx", (4, 3, 112, 112)),
        ("face_detection_yunet_2023mar.onnx", (1, 3, 640, 640)),
        ("face_recognition_sface_2021dec.onnx", (1, 3, 112, 112)),
    ],
)
def test_nothing_of_a_network_is_left_on_the_processor_or_waited_for(models, file, shape):
    network = session.opened(models / file, "meta")  # a device without numbers: whoever reads one there, fails
    said = network.ran(None, {network.inputs[0].name: torch.empty(shape)})
    assert {one.device.type for one in said} == {"meta"}


@pytest.mark.data
def test_a_network_takes_what_its_file_says_it_takes(models):
    files = ("scrfd_500m_bnkps.onnx", "w600k_mbf.onnx", "face_recognition_sface_2021dec.onnx")
    for path in (models / file for file in files):
        (theirs,), (ours,) = truth(path).get_inputs(), session.opened(path, "cpu").get_inputs()
        assert (ours.name, ours.shape) == (theirs.name, theirs.shape)


@pytest.mark.data
def test_another_size_than_a_network_takes_is_refused(models):
    network = session.opened(models / "face_recognition_sface_2021dec.onnx", "cpu")
    with pytest.raises(ValueError, match=r"sface_2021dec.onnx takes \[1, 3, 112, 112\] and was given \[2, 3, 112"):
        network.run(None, {"data": noise(2, 3, 112, 112)})


@pytest.mark.data
def test_the_outputs_come_in_the_order_in_which_they_are_asked_for(models):
    network = session.opened(models / "face_detection_yunet_2023mar.onnx", "cpu")
    said = network.run(["kps_8", "cls_16"], {"input": noise(1, 3, 640, 640)})
    assert [one.shape for one in said] == [(1, 6400, 10), (1, 1600, 1)]


@pytest.mark.data
def test_numbers_are_computed_in_full(models):
    session.opened(models / "w600k_mbf.onnx", "cpu")
    assert torch.backends.cuda.matmul.fp32_precision == torch.backends.cudnn.conv.fp32_precision == "ieee"


@pytest.mark.data
def test_pictures_that_torch_looks_at_have_the_same_faces(models, data):
    pack, paths = PACKS["buffalo_sc"], sorted((data / "faces" / "lfw").glob("*.jpg"))[:3]
    by_torch = Eyes(
        pack=pack,
        detector=Scrfd(session=session.opened(models / pack.detector, "cpu")),
        recogniser=Recogniser(session=session.opened(models / pack.recogniser, "cpu"), pack=pack),
    )
    views = [View(place=at, picture=Picture(sha256="", path=one.name), path=one) for at, one in enumerate(paths)]
    for one, other in zip(look(by_torch, views, Wishes()), look(eyes(pack, models), views, Wishes()), strict=True):
        np.testing.assert_allclose(one.embeddings, other.embeddings, atol=CLOSE)
        np.testing.assert_allclose(one.faces["box"], other.faces["box"], atol=0.01)
        assert len(one.faces)


# ---------------------------------------------------------------- each operator, and those of packs that are not here


def network(folder: Path, nodes, weights, given, opset=11) -> Path:
    """A file of a network of these nodes; its outputs are those of the last node."""
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info(name, _kind(one), [None] * one.ndim) for name, one in given.items()],
        [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in nodes[-1].output],
        [numpy_helper.from_array(one, name) for name, one in weights.items()],
    )
    del graph.output[:]
    graph.output.extend(onnx.ValueInfoProto(name=name) for name in nodes[-1].output)
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", opset)])
    onnx.save(onnx.shape_inference.infer_shapes(model), folder / "made.onnx")
    return folder / "made.onnx"


def _kind(one: np.ndarray) -> int:
    return helper.np_dtype_to_tensor_dtype(one.dtype)


P = noise(2, 4, 9, 7)
"""Pictures of odd sides."""
SIZED = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
NONE = np.zeros(0, dtype=np.float32)
VARIANCE = np.abs(noise(4)) + 0.5
ALONE = [
    ("Conv", [P, noise(6, 4, 3, 3), noise(6)], {"pads": [1, 1, 1, 1], "strides": [2, 2]}, 11),
    ("Conv", [P, noise(4, 1, 3, 3)], {"pads": [0, 0, 1, 2], "group": 4, "dilations": [2, 1]}, 11),
    ("MaxPool", [P], {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}, 11),
    ("MaxPool", [-np.abs(P)], {"kernel_shape": [2, 2], "strides": [2, 2], "pads": [0, 0, 1, 1]}, 12),
    ("MaxPool", [P], {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}, 11),
    ("AveragePool", [P], {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}, 11),
    ("AveragePool", [P], {"kernel_shape": [3, 3], "strides": [1, 1], "pads": [1, 1, 1, 1]}, 11),
    ("AveragePool", [P], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}, 11),
    ("GlobalAveragePool", [P], {}, 11),
    ("Resize", [P, NONE, np.array([1, 1, 2, 2], np.float32)], SIZED, 11),
    ("Resize", [P, NONE, np.array([1, 1, 1.5, 0.7], np.float32)], SIZED, 13),
    ("Resize", [P, NONE, NONE, whole(2, 4, 14, 11)], SIZED, 11),
    ("BatchNormalization", [P, noise(4), noise(4), noise(4), VARIANCE], {"epsilon": 1e-3}, 11),
    ("BatchNormalization", [noise(3, 4), noise(4), noise(4), noise(4), VARIANCE], {}, 15),
    ("InstanceNormalization", [noise(2, 4, 30), noise(4), noise(4)], {"epsilon": 1e-3}, 11),
    ("PRelu", [P, noise(4, 1, 1)], {}, 11),
    ("PRelu", [P, noise(1)], {}, 11),
    ("PRelu", [noise(3, 4), noise(4)], {}, 11),
    ("Relu", [P], {}, 11),
    ("Sigmoid", [P * 9], {}, 11),
    ("Clip", [P, np.float32(-0.5), np.float32(0.5)], {}, 11),
    ("Clip", [P, np.float32(0)], {}, 11),
    ("Gemm", [noise(3, 5), noise(4, 5), noise(4)], {"transB": 1, "alpha": 0.5, "beta": 2.0}, 11),
    ("Gemm", [noise(5, 3), noise(5, 4)], {"transA": 1}, 11),
    ("MatMul", [noise(2, 3, 5), noise(5, 4)], {}, 11),
    ("Add", [P, noise(4, 1, 1)], {}, 11),
    ("Sub", [P, noise(1)], {}, 11),
    ("Mul", [P, noise(7)], {}, 11),
    ("Div", [P, np.float32(3)], {}, 11),
    ("Div", [whole(7, -7, 9), whole(2, 2, -4)], {}, 11),
    ("Flatten", [P], {}, 11),
    ("Flatten", [P], {"axis": -1}, 11),
    ("Flatten", [np.zeros((0, 4, 1, 1), np.float32)], {}, 11),
    ("Reshape", [P, whole(0, -1, 7)], {}, 11),
    ("Transpose", [P], {"perm": [0, 2, 3, 1]}, 11),
    ("Transpose", [P], {}, 11),
    ("Concat", [P, noise(2, 1, 9, 7)], {"axis": 1}, 11),
    ("Shape", [P], {}, 11),
    ("Shape", [P], {"start": 1, "end": -1}, 15),
    ("Gather", [P, np.array(-1)], {"axis": 2}, 11),
    ("Gather", [P, np.array([[0, 3], [1, -4]])], {"axis": 1}, 11),
    ("Slice", [P, whole(1, -3), whole(2**62, -1), whole(-1, 2)], {}, 11),
    ("Slice", [P, whole(1, 0), whole(2, 3)], {}, 11),
    ("Slice", [P, whole(-1), whole(-(2**62)), whole(3), whole(-2)], {}, 11),
    ("Unsqueeze", [P], {"axes": [0, -1]}, 11),
    ("Unsqueeze", [P, whole(2, 0)], {}, 13),
    ("Squeeze", [noise(1, 3, 1)], {"axes": [-1]}, 11),
    ("Squeeze", [noise(1, 3, 1), whole(0)], {}, 13),
    ("Squeeze", [noise(1, 3, 1)], {}, 11),
    ("Cast", [P * 9], {"to": TensorProto.INT64}, 11),
    ("Dropout", [P], {"ratio": 0.4}, 11),
    ("Identity", [P], {}, 16),
]


@pytest.mark.parametrize(
    ("operator", "values", "told", "opset"), ALONE, ids=[f"{one[0]}-{at}" for at, one in enumerate(ALONE)]
)
def test_an_operator_does_the_same(tmp_path, operator, values, told, opset):
    values = [np.asarray(value) for value in values]
    names = [f"v{at}" for at in range(len(values))]
    node = helper.make_node(operator, names, ["y"], **told)
    first, *others = zip(names, values, strict=True)
    assert_alike(network(tmp_path, [node], dict(others), dict([first]), opset), v0=values[0])


def test_a_residual_network_as_of_buffalo_l_says_the_same(tmp_path):
    """A block of w600k_r50 and its end, a block of det_10g and its way down: nodes as PyTorch writes them."""
    normal = {f"{name}{n}": one for n in "abc" for name, one in zip("gbmv", [*noise(3, 4), VARIANCE], strict=True)}
    weights = {**normal, "w1": noise(4, 4, 3, 3), "w2": noise(4, 4, 3, 3), "w3": noise(4, 4, 1, 1)}
    weights |= {"slope": noise(4, 1, 1), "full": noise(8, 4 * 5 * 4), "bias": noise(8)}
    around = {"pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("BatchNormalization", ["x", "ga", "ba", "ma", "va"], ["1"]),
        helper.make_node("Conv", ["1", "w1"], ["2"], **around),
        helper.make_node("BatchNormalization", ["2", "gb", "bb", "mb", "vb"], ["3"]),
        helper.make_node("PRelu", ["3", "slope"], ["4"]),
        helper.make_node("Conv", ["4", "w2"], ["5"], strides=[2, 2], **around),
        helper.make_node("AveragePool", ["x"], ["6"], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
        helper.make_node("Conv", ["6", "w3"], ["7"]),
        helper.make_node("Add", ["5", "7"], ["8"]),
        helper.make_node("BatchNormalization", ["8", "gc", "bc", "mc", "vc"], ["9"]),
        helper.make_node("Dropout", ["9"], ["10"], ratio=0.0),
        helper.make_node("Flatten", ["10"], ["11"]),
        helper.make_node("Gemm", ["11", "full", "bias"], ["y"], transB=1),
    ]
    (said,) = assert_alike(network(tmp_path, nodes, weights, {"x": P}), x=P)
    assert said.shape == (2, 8)


def test_a_value_is_let_go_once_nothing_wants_it(tmp_path):
    nodes = [helper.make_node("Relu", [f"{at}"], [f"{at + 1}"]) for at in range(3)]
    steps = session.opened(network(tmp_path, nodes, {}, {"0": P}), "cpu").steps
    assert [step.last for step in steps] == [("0",), ("1",), ("2",)]


# ---------------------------------------------------------------- what is not known


@pytest.mark.parametrize(
    ("operator", "told", "opset", "words"),
    [
        ("Softplus", {}, 11, r"made\.onnx has the operator Softplus, which is not known"),
        ("Conv", {"auto_pad": "SAME_UPPER"}, 11, r"made\.onnx has the operator Conv with auto_pad, which"),
        ("MaxPool", {"kernel_shape": [2]}, 11, r"MaxPool with 1 dimensions"),
        ("Resize", {"mode": "cubic"}, 11, r"Resize with cubic, half_pixel, round_prefer_floor"),
        ("Concat", {}, 11, r"made\.onnx has the operator Concat without 'axis'"),
        ("Add", {}, 11, r"made\.onnx wants w for the operator Add, and nothing gives it before"),
        ("Relu", {"madness": 1}, 11, r"Relu with madness"),
        ("Cast", {"to": TensorProto.BOOL}, 11, r"Cast with numbers of the kind bool"),
        ("Relu", {}, 9, r"made\.onnx is written in version 9 of ONNX's operators; known are 11 to 22"),
    ],
)
def test_what_is_not_known_is_refused_before_anything_runs(tmp_path, operator, told, opset, words):
    node = helper.make_node(operator, ["x", "w"], ["y"], **told)
    graph = helper.make_graph([node], "made", [onnx.ValueInfoProto(name="x")], [onnx.ValueInfoProto(name="y")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)]), tmp_path / "made.onnx")
    with pytest.raises(NotKnown, match=words):
        session.opened(tmp_path / "made.onnx", "cpu")


def test_a_second_value_of_an_operator_is_refused(tmp_path):
    node = helper.make_node("MaxPool", ["x"], ["y", "places"], kernel_shape=[2, 2])
    with pytest.raises(NotKnown, match=r"made\.onnx wants 2 values of the operator MaxPool"):
        session.opened(network(tmp_path, [node], {}, {"x": P}), "cpu")


def test_a_file_that_is_no_network_is_refused(tmp_path):
    (tmp_path / "photo.onnx").write_bytes(b"\xff\xd8\xff\xe0 a photo")
    with pytest.raises(NotKnown, match=r"photo\.onnx cannot be read as ONNX"):
        session.opened(tmp_path / "photo.onnx", "cpu")


# ---------------------------------------------------------------- in the place of onnxruntime


def test_torch_says_why_it_cannot_compute_on_a_device():
    assert session.lacking("cpu") == ""
    if not torch.cuda.is_available():
        assert session.lacking("cuda").startswith(f"torch {torch.__version__}")


@pytest.mark.skipif("CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="it can use a GPU")
def test_torch_takes_over_where_onnxruntime_cannot_and_the_log_says_why(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-1")
    path = network(tmp_path, [helper.make_node("Relu", ["x"], ["y"])], {}, {"x": P})
    opened = sessions.opened(path, device="cpu")
    assert (opened.run(None, {"x": P})[0] == np.maximum(P, 0)).all()
    assert sessions.versions([opened]) == {"torch": torch.__version__, "networks": "torch on the GPU"}
    assert capsys.readouterr().err.startswith("made.onnx runs by torch on the GPU (GPU-1). onnxruntime ")


def test_what_torch_does_not_know_is_a_reason_and_not_an_error(tmp_path):
    path = network(tmp_path, [helper.make_node("Softplus", ["x"], ["y"])], {}, {"x": P})
    reason = sessions.by_torch(path, "cpu")
    assert reason == sessions.Unfit("made.onnx has the operator Softplus, which is not known.")
