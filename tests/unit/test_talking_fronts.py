"""Front ends by networks: they compute what their makers' do, and are refused plainly where they cannot be had."""

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contract import BadInput, Input, Request, Work
from pipelines.talking_head import FPS, HOP, PIPELINE, Options, own
from pipelines.talking_head.about import About, write_about
from pipelines.talking_head.listen.front import apart
from pipelines.talking_head.listen.windows import BESIDE, KEPT, listened, windows
from pipelines.talking_head.stages import listening
from pipelines.talking_head.stages.fronts import front_of, ready, weights_of
from pipelines.talking_head.stages.ingesting import ingest
from pipelines.talking_head.stages.listening import listen
from pipelines.talking_head.weights import VOICE, WEIGHTS, WHISPER
from tests.unit.talking_world import always, wav

torch = pytest.importorskip("torch")
from pipelines.talking_head.listen.tensors import tensors  # noqa: E402
from pipelines.talking_head.listen.wave import Wave  # noqa: E402
from pipelines.talking_head.listen.wave_net import opened  # noqa: E402
from pipelines.talking_head.listen.whisper import Encoder, Whisper, spectrogram  # noqa: E402
from pipelines.talking_head.listen.whisper_file import BEGIN, _variables, read  # noqa: E402
from tests.unit.talking_networks import BASE, LARGE, network, safe, wave, whisper  # noqa: E402


def near(found, expected, tolerance=2e-4):
    assert np.asarray(found) == pytest.approx(np.array(expected), abs=tolerance)


# ---------------------------------------------------------------- hubert and wav2vec2

BASE_SAYS = [[-1.67354, 1.0681, 0.89672], [-1.6114, 1.14682, 0.82136], [-1.64465, 1.15128, 0.88246]]
LARGE_SAYS = [[-0.72199, 0.55422, 0.01264], [-0.80191, 0.14208, -0.9406], [-1.13127, 0.05491, -0.20702]]
"""Steps 0, 4, 8 and channels 0, 4, 8 of last_hidden_state by transformers 5.23.0, of the same folder and ``wave()``."""


def heard(folder, kind):
    net = opened(own.find(kind, str(folder), folder.parent))
    with torch.no_grad():
        return net(torch.from_numpy(wave())[None])[0].numpy()


@pytest.mark.parametrize("kind", own.KINDS)
@pytest.mark.parametrize(("made", "says"), [(BASE, BASE_SAYS), (LARGE, LARGE_SAYS)], ids=["base", "large"])
def test_a_network_says_what_the_library_of_its_makers_makes_it_say(tmp_path, kind, made, says):
    near(heard(network(tmp_path / "net", kind, made=made), kind)[::4, ::4], says)


def test_a_network_that_an_older_version_saved_says_the_same(tmp_path):
    new, old = network(tmp_path / "new"), network(tmp_path / "old", old=True)
    near(heard(old, "hubert"), heard(new, "hubert"), 1e-6)


def test_a_network_of_the_users_own_is_a_front_end(tmp_path):
    network(tmp_path / "mine")
    front = Wave(own.find("hubert", "mine", tmp_path), "mine")
    features = front(wave(50 * HOP + 3))
    assert features.shape == (50, 1, 12)
    assert features.dtype == np.float32
    assert (front.name, front.layer) == ("hubert/mine", 2)
    assert (features == front(wave(50 * HOP + 3))).all()
    assert front(wave(HOP - 1)).shape == (0, 1, 12)


def test_loudness_is_nothing_to_a_network_that_was_taught_by_level_sound(tmp_path):
    network(tmp_path / "level", made=LARGE)
    (network(tmp_path / "raw", made=LARGE) / own.LEVELS).write_text('{"do_normalize": false}')
    level, raw = (Wave(own.find("hubert", name, tmp_path), name) for name in ("level", "raw"))
    near(level(wave()), level(0.1 * wave()), 1e-3)
    assert np.abs(raw(wave()) - raw(0.1 * wave())).max() > 0.01


def test_a_click_is_heard_by_its_own_frame_where_no_step_hears_another(tmp_path):
    folder = network(tmp_path / "net", made=LARGE)
    (folder / own.LEVELS).write_text('{"do_normalize": false}')
    held = {name: value.numpy().copy() for name, value in tensors(folder / own.FILES[0]).items()}
    for name, value in held.items():
        if "out_proj" in name or "output_dense" in name or name.endswith("original0"):
            value[:] = 0.0  # what steps tell each other
    safe(folder / own.FILES[0], held)
    front = Wave(own.find("hubert", "net", tmp_path), "net")
    quiet = 1e-3 * wave(41 * HOP)
    for beside, heard_by in ((0, [20]), (-HOP // 2, [19, 20]), (HOP // 2 - 1, [20, 21])):
        click = quiet.copy()
        click[20 * HOP + HOP // 2 + beside] += 0.5
        assert np.flatnonzero(np.abs(front(click) - front(quiet)).sum(axis=(1, 2)) > 1e-6).tolist() == heard_by


def test_any_other_file_is_another_front_end(tmp_path):
    first = Wave(own.find("hubert", str(network(tmp_path / "a")), tmp_path), "a")
    again = Wave(own.find("hubert", str(network(tmp_path / "b")), tmp_path), "b")
    other = network(tmp_path / "c")
    held = {name: value.numpy().copy() for name, value in tensors(other / own.FILES[0]).items()}
    held["encoder.layer_norm.bias"][0] += 1e-3
    safe(other / own.FILES[0], held)
    assert first.digest == again.digest != Wave(own.find("hubert", str(other), tmp_path), "c").digest
    (tmp_path / "b" / own.LEVELS).write_text('{"do_normalize": false}')
    assert Wave(own.find("hubert", "b", tmp_path), "b").digest != first.digest


# ---------------------------------------------------------------- folders that cannot be used


def changed(**said):
    def change(folder):
        raw = json.loads((folder / own.CONFIG).read_text())
        (folder / own.CONFIG).write_text(json.dumps({**raw, **said}))

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (changed(model_type="wavlm"), 'it is a "wavlm", and only hubert and wav2vec2 can be used'),
        (changed(model_type="wav2vec2"), 'holds a wav2vec2, and front_end says "hubert"'),
        (changed(hidden_act="relu"), "its hidden_act is 'relu', and only 'gelu'"),
        (changed(conv_pos_batch_norm=True), "its conv_pos_batch_norm is True"),
        (changed(feat_extract_norm="batch"), "its feat_extract_norm is 'batch'"),
        (changed(conv_stride=[5, 2, 2, 2, 2, 2, 1]), "its steps are of 160 samples"),
        (changed(conv_stride=[5, 2]), "are no lists of one length"),
        (changed(conv_dim="many"), "are no lists of one length"),
        (changed(hidden_size=0), "its hidden_size is 0, and no number above 0"),
        (changed(hidden_size=13), "its hidden_size 13 does not go into its heads"),
        (changed(layer_norm_eps="small"), "its layer_norm_eps is 'small'"),
        (lambda folder: (folder / own.FILES[0]).unlink(), "neither model.safetensors nor pytorch_model.bin is in it"),
        (lambda folder: (folder / own.CONFIG).unlink(), "config.json is not in it"),
        (lambda folder: (folder / own.CONFIG).write_text("{"), "its config.json is no JSON"),
        (lambda folder: (folder / own.CONFIG).write_text("[]"), "its config.json is no table"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_with_the_reason(tmp_path, change, words):
    change(network(tmp_path / "net"))
    with pytest.raises(ValueError, match=r"\.$") as error:
        own.find("hubert", "net", tmp_path)
    assert words in str(error.value)


@pytest.mark.parametrize("name", ["../models", "a/b", "", ".net", "a\0"])
def test_a_name_that_leads_out_of_the_models_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="it must be the name of a folder in"):
        own.find("hubert", name, tmp_path)


def test_what_to_put_where_is_said_of_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="there is no such folder in") as error:
        own.find("hubert", "net", tmp_path)
    assert "config.json and model.safetensors of a hubert" in str(error.value)
    assert "visaged models import DIR" in str(error.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (changed(num_hidden_layers=3), "lacks encoder.layers.2.attention.q_proj.weight"),
        (changed(intermediate_size=21), "is not of the sizes that its config.json says"),
        (lambda folder: (folder / own.FILES[0]).write_bytes(b"no weights at all"), "is damaged, or no file of weights"),
        (lambda folder: (folder / own.FILES[0]).write_bytes(b""), "is damaged, or no file of weights"),
        (lambda f: (f / own.FILES[0]).write_bytes((f / own.FILES[0]).read_bytes()[:-100]), "is damaged"),
    ],
)
def test_weights_that_are_not_those_of_the_folder_are_refused(tmp_path, change, words):
    change(network(tmp_path / "net"))
    with pytest.raises(ValueError, match=r"\.$") as error:
        Wave(own.find("hubert", "net", tmp_path), "net")
    assert words in str(error.value)


def test_a_saved_file_that_would_run_something_is_not_read(tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("run").touch, ())

    with (tmp_path / "pytorch_model.bin").open("wb") as file:
        pickle.dump({"a": Trap()}, file, protocol=2)
    with pytest.raises(ValueError, match="is damaged, or no file of weights"):
        tensors(tmp_path / "pytorch_model.bin")
    assert not (tmp_path / "run").exists()


# ---------------------------------------------------------------- whisper

WHISPER_SAYS = [
    [-3.5498, -1.7161, -2.4292, 0.5021, 2.5135],
    [-3.4662, -1.3579, -2.1857, 0.9002, 2.6903],
    [-3.3945, -0.6808, -2.4276, -0.0778, 2.044],
    [-3.4591, -1.168, -2.7089, 0.7984, 1.8364],
]
"""Steps 0, 6, 12, 18 and channels 0, 110, 220, 330, 440 of the last of three layers, by transformers 5.23.0."""
BANDS = [
    [0.429, 0.4471, 0.3995, 0.5325],
    [0.6081, 0.5972, 0.6119, 0.6139],
    [0.5922, 0.5024, 0.6214, 0.6331],
    [0.5716, 0.5373, 0.5555, 0.5446],
]
"""Bands 0, 20, 40, 60 of steps 4, 13, 22, 31 by its WhisperFeatureExtractor."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A file as Whisper's, of numbers by a formula."""
    return whisper(tmp_path_factory.mktemp("whisper") / WHISPER, 3)


def test_whispers_spectrogram_is_what_the_library_of_its_makers_computes():
    near(spectrogram(torch.from_numpy(wave(6400)))[::20, 4:40:9], BANDS, 1e-4)


def test_whispers_encoder_says_what_the_library_of_its_makers_makes_it_say(made):
    encoder = Encoder(3).eval()
    encoder.load_state_dict(read(made, 3))
    with torch.no_grad():
        said = encoder(spectrogram(torch.from_numpy(wave(6400)))[None])[0]
    assert said.shape == (20, 512)
    near(said[::6, ::110], WHISPER_SAYS, 1e-3)


CTRANSLATE2_SAYS = [
    [-0.9958, -0.5075, -0.065, -0.6664, 0.4485, 0.182],
    [0.2383, 0.4653, 0.5195, 0.4976, 0.2925, -0.2469],
    [-0.4697, 0.2767, 0.5907, -0.6399, -0.1276, 0.2967],
    [0.0173, 0.5169, 0.3032, -0.1796, -0.0263, 0.8059],
    [0.439, 0.6745, 0.4816, 0.1906, -0.1968, 0.9497],
]
"""Every 24th step and 100th channel that CTranslate2 4.8.5 gives of the same bands, by all six layers and the norm."""


def test_the_real_encoder_says_what_ctranslate2_makes_it_say():
    path = Path(os.environ.get("VISAGED_MODELS") or Path(__file__).parents[2] / ".cache" / "models") / WHISPER
    if not path.is_file():
        pytest.skip(
            f"{WHISPER} is not in {path.parent} (visaged models fetch whisper): 73 MB are not fetched for a test"
        )
    encoder = Encoder(6).eval()
    encoder.load_state_dict(read(path, 6))
    scale, shift = closing(path)
    with torch.no_grad():
        said = encoder(spectrogram(torch.from_numpy(wave(32_000)))[None])[0]
        near(torch.nn.functional.layer_norm(said, (512,), scale, shift)[::24, ::100], CTRANSLATE2_SAYS, 1e-3)


def closing(path):
    """The last norm of the encoder, which the front end does not use."""
    held = {}
    with path.open("rb") as file:
        file.seek(BEGIN)
        held.update(_variables(file))
    return held["layer_norm/gamma"], held["layer_norm/beta"]


def test_whisper_is_a_front_end(made):
    front = Whisper(made)
    features = front(wave(20 * HOP + 3))
    assert features.shape == (20, 1, 512)
    assert (features == front(wave(20 * HOP + 3))).all()
    assert front(wave(HOP - 1)).shape == (0, 1, 512)
    near(features.mean(axis=2), np.zeros((20, 1)), 1e-4)
    near(features.std(axis=2), np.ones((20, 1)), 1e-3)


def test_a_click_is_heard_most_by_its_own_frame_and_alike_by_those_beside_it(made):
    front = Whisper(made, 0)  # without layers, in which all steps hear each other
    quiet = 1e-2 * wave(41 * HOP)
    click = quiet.copy()
    click[20 * HOP + HOP // 2] += 0.05
    told = np.abs(front(click) - front(quiet)).sum(axis=(1, 2))
    assert np.flatnonzero(told > 1e-3).tolist() == [19, 20, 21]
    assert told[20] > 2 * max(told[19], told[21])


def test_parts_that_whisper_hears_apart_know_nothing_of_each_other(made):
    front, sound = Whisper(made), wave(40 * HOP)
    mixed = np.concatenate([sound[: 20 * HOP], -0.5 * sound[: 20 * HOP]])
    assert (apart(front, sound, [20, 40])[:20] == apart(front, mixed, [20, 40])[:20]).all()
    assert (front(sound)[:20] != front(mixed)[:20]).any()


def test_whisper_of_another_file_is_another_front_end(made, tmp_path):
    content = bytearray(made.read_bytes())
    content[-1] ^= 1
    (tmp_path / "other").write_bytes(content)
    assert Whisper(made).digest != Whisper(tmp_path / "other").digest


# ---------------------------------------------------------------- windows


@given(count=st.integers(0, 3000), kept=st.integers(1, 400), beside=st.integers(0, 200))
def test_every_frame_is_kept_once_and_hears_its_neighbours(count, kept, beside):
    found = list(windows(count, kept, beside))
    assert [row for window in found for row in range(window.first, window.last)] == list(range(count))
    for window in found:
        assert window.end - window.begin <= kept + 2 * beside
        assert window.begin <= max(0, window.first - beside)
        assert window.end >= min(count, window.last + beside)


def test_long_sound_is_heard_as_if_there_were_no_windows_by_what_hears_no_further_than_they_reach():
    lengths = []

    def network(sound):
        lengths.append(len(sound) // HOP)
        loud = np.abs(sound).reshape(-1, HOP).mean(axis=1)
        smooth = np.convolve(np.pad(loud, BESIDE), np.hanning(2 * BESIDE + 1), mode="valid")
        return np.stack([smooth, loud, loud**2], axis=1).astype(np.float32)

    sound = np.random.default_rng(0).normal(size=(3 * KEPT + 57) * HOP).astype(np.float32)
    whole = network(sound)
    about = (whole - whole.mean(axis=1, keepdims=True)) / whole.std(axis=1, keepdims=True)
    lengths.clear()
    near(listened(sound, 3, network)[:, 0], about, 1e-4)
    assert len(lengths) == 4
    assert max(lengths) <= KEPT + 2 * BESIDE


def test_sound_beyond_its_window_is_nothing_to_a_frame_of_a_real_network(tmp_path):
    network(tmp_path / "net", num_hidden_layers=1)
    front = Wave(own.find("hubert", "net", tmp_path), "net")
    sound = wave((3 * KEPT) * HOP)
    later = sound.copy()
    later[(KEPT + BESIDE) * HOP :] *= -0.3
    first, second = front(sound), front(later)
    assert (first[:KEPT] == second[:KEPT]).all()
    assert (first[KEPT:] != second[KEPT:]).any()


# ---------------------------------------------------------------- options, weights, stages


def test_whisper_is_fetched_where_it_is_asked_for_alone():
    every = {weights.name for weights in WEIGHTS}
    assert set(PIPELINE.needs({"front_end": "whisper"})) == every
    assert set(PIPELINE.needs({"front_end": "mel"})) == every - {WHISPER}


def test_a_network_of_the_users_own_needs_a_folder():
    with pytest.raises(ValueError, match=r"^front_end_folder is missing: front_end = .* asks for the folder"):
        Options(front_end="hubert")
    assert Options(front_end="hubert", front_end_folder="net").front == "hubert/net"
    assert Options(front_end="mel", front_end_folder="net").front == "mel"


def working(tmp_path, monkeypatch, *, about=None, **options):
    """A job of the subject anna with a sound, or with a video (about: None), and the folder of models beside it."""
    monkeypatch.setenv("VISAGED_MODELS", str(tmp_path / "models"))
    (tmp_path / "models").mkdir(exist_ok=True)
    job = tmp_path / "job"
    folder = job / "stages" / "listen"
    folder.mkdir(parents=True)
    wav(job / "a.wav", wave(16_000))
    inputs = (Input(role="audio", path="a.wav", size=0, sha256=""),)
    if about is None:
        inputs = (Input(role="video", path="a.mp4", size=0, sha256=""),)
    else:
        (job / "state").mkdir()
        write_about(job / "state", about)
    request = Request(
        job="1",
        pipeline="talking_head",
        name="a",
        key="anna",
        options=options,
        inputs=inputs,
        state=None if about is None else "state",
    )
    return Work(job=job, folder=folder, request=request, stage="listen")


def learned_by(front_end, digest="0" * 64):
    return About(
        engine="gaussians", drive="motion", front_end=front_end, digest=digest, side=64, make={}, loop=(0, 1, 0.0)
    )


def test_a_sound_is_listened_to_by_the_network_that_the_model_learned_by(tmp_path, monkeypatch):
    network(tmp_path / "models" / "net")
    front = Wave(own.find("hubert", "net", tmp_path / "models"), "net")
    work = working(tmp_path, monkeypatch, about=learned_by("hubert/net", front.digest), front_end="mel")
    monkeypatch.setattr(listening, "activity_of", lambda _: always)
    result = listen(work)
    assert np.load(work.folder / "0.features.npy").shape == (FPS, 1, 12)
    assert result.figures["front_end"] == {"name": "hubert/net", "sha256": front.digest, "layer": 2}
    assert set(result.weights) == {"net/config.json", "net/model.safetensors", VOICE}


def test_a_model_that_learned_by_another_network_of_that_name_is_not_driven(tmp_path, monkeypatch):
    network(tmp_path / "models" / "net")
    with pytest.raises(BadInput, match="anna was learned with another hubert/net than the one that is here now"):
        listen(working(tmp_path, monkeypatch, about=learned_by("hubert/net")))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hubert/net", "there is no such folder in"),
        ("whisper", "The weights of whisper are not here. Fetch them: visaged models fetch whisper"),
    ],
)
def test_a_sound_is_refused_at_once_where_the_front_end_of_its_model_is_not_at_hand(tmp_path, monkeypatch, name, words):
    with pytest.raises(BadInput) as error:
        ingest(working(tmp_path, monkeypatch, about=learned_by(name)))
    assert f"anna was learned with the front end {name}, and only that may drive it. " in str(error.value)
    assert words in str(error.value)


def test_a_video_is_refused_at_once_where_the_network_that_is_asked_for_is_not_there(tmp_path, monkeypatch):
    with pytest.raises(BadInput, match='front_end_folder = "net": there is no such folder in'):
        ingest(working(tmp_path, monkeypatch, front_end="hubert", front_end_folder="net"))


def test_damaged_weights_are_the_users_to_mend(tmp_path, monkeypatch):
    (network(tmp_path / "models" / "net") / "model.safetensors").write_bytes(b"nothing")
    work = working(tmp_path, monkeypatch)
    ready(work, "hubert/net")
    with pytest.raises(BadInput, match="is damaged, or no file of weights"):
        front_of(work, "hubert/net")


def test_the_receipt_names_the_weights_of_each_front_end(tmp_path, monkeypatch):
    work = working(tmp_path, monkeypatch)
    assert weights_of(work, "mel") == {}
    assert set(weights_of(work, "speech+mel")) == {"melspectrogram.onnx", "embedding_model.onnx"}
    assert set(weights_of(work, "whisper")) == {WHISPER}


def test_a_folder_of_hugging_faces_is_brought_into_the_models(tmp_path):
    from daemon.models import bring  # noqa: PLC0415
    from pipelines.registry import ours  # noqa: PLC0415

    network(tmp_path / "usb" / "my-hubert")
    (tmp_path / "usb" / "my-hubert" / "README.md").write_text("Not needed.")
    (tmp_path / "models").mkdir()
    brought = bring([tmp_path / "usb" / "my-hubert"], tuple(ours().values()), tmp_path / "models")
    assert [(pack.name, pack.pipeline) for pack in brought.own] == [("my-hubert", "talking_head")]
    assert (
        own.find("hubert", "my-hubert", tmp_path / "models").digests
        == own.read_own(tmp_path / "usb" / "my-hubert").digests
    )
