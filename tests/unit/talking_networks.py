"""Tiny networks that listen, made here as Hugging Face keeps them, of numbers by a formula: always the same."""

import json
import struct

import numpy as np
import torch

from pipelines.talking_head.listen.whisper_file import BEGIN

SMALL = {
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 20,
    "num_conv_pos_embeddings": 6,
    "num_conv_pos_embedding_groups": 2,
    "conv_dim": [8] * 7,
    "conv_kernel": [10, 3, 3, 3, 3, 2, 2],
    "conv_stride": [5, 2, 2, 2, 2, 2, 2],
    "layer_norm_eps": 1e-5,
}
BASE = {"feat_extract_norm": "group", "do_stable_layer_norm": False, "conv_bias": False}
LARGE = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}
OLD, NEW = ("weight_g", "weight_v"), ("parametrizations.weight.original0", "parametrizations.weight.original1")


def shapes(config, normed):
    """The names and sizes of all tensors."""
    width, inner, found = config["hidden_size"], config["intermediate_size"], {}
    before = 1
    for number, (channels, samples) in enumerate(zip(config["conv_dim"], config["conv_kernel"], strict=True)):
        conv = f"feature_extractor.conv_layers.{number}"
        found[f"{conv}.conv.weight"] = (channels, before, samples)
        if config["conv_bias"]:
            found[f"{conv}.conv.bias"] = (channels,)
        if config["feat_extract_norm"] == "layer" or not number:
            found |= {f"{conv}.layer_norm.{kind}": (channels,) for kind in ("weight", "bias")}
        before = channels
    found |= {f"feature_projection.layer_norm.{kind}": (before,) for kind in ("weight", "bias")}
    found |= {"feature_projection.projection.weight": (width, before), "feature_projection.projection.bias": (width,)}
    places, groups = config["num_conv_pos_embeddings"], config["num_conv_pos_embedding_groups"]
    found |= {f"encoder.pos_conv_embed.conv.{normed[0]}": (1, 1, places), "encoder.pos_conv_embed.conv.bias": (width,)}
    found |= {f"encoder.pos_conv_embed.conv.{normed[1]}": (width, width // groups, places)}
    found |= {f"encoder.layer_norm.{kind}": (width,) for kind in ("weight", "bias")}
    for number in range(config["num_hidden_layers"]):
        layer = f"encoder.layers.{number}"
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            found |= {f"{layer}.attention.{name}.weight": (width, width), f"{layer}.attention.{name}.bias": (width,)}
        for name in ("layer_norm", "final_layer_norm"):
            found |= {f"{layer}.{name}.{kind}": (width,) for kind in ("weight", "bias")}
        dense = f"{layer}.feed_forward"
        found |= {f"{dense}.intermediate_dense.weight": (inner, width), f"{dense}.intermediate_dense.bias": (inner,)}
        found |= {f"{dense}.output_dense.weight": (width, inner), f"{dense}.output_dense.bias": (width,)}
    return found


def numbered(config, normed=NEW):
    """All tensors, by a formula. What is multiplied by is about 1, and no two tensors are alike."""
    found = {}
    for number, (name, shape) in enumerate(sorted(shapes(config, NEW).items())):
        count = int(np.prod(shape))
        values = 0.5 * np.sin(0.37 * np.arange(1, count + 1) ** 2 + number)
        if "layer_norm.weight" in name or name.endswith(NEW[0]):
            values = 1.0 + 0.4 * values
        called = name.replace(NEW[0], normed[0]).replace(NEW[1], normed[1])
        found[called] = values.astype(np.float32).reshape(shape)
    return found


def network(folder, kind="hubert", *, made=BASE, old=False, **changed):
    """A folder with such a network. old: as older versions saved it, with torch and with a head for letters."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model_type": kind, **SMALL, **made, **changed}
    (folder / "config.json").write_text(json.dumps(config))
    if old:
        held = {f"{kind}.{name}": torch.from_numpy(value) for name, value in numbered(config, OLD).items()}
        torch.save({**held, "lm_head.weight": torch.zeros(3, config["hidden_size"])}, folder / "pytorch_model.bin")
    else:
        safe(folder / "model.safetensors", numbered(config))
    return folder


def safe(path, arrays):
    """A file as safetensors has it, of 32-bit floats."""
    table, at = {"__metadata__": {"format": "pt"}}, 0
    for name, value in arrays.items():
        table[name] = {"dtype": "F32", "shape": value.shape, "data_offsets": [at, at + value.nbytes]}
        at += value.nbytes
    said = json.dumps(table).encode()
    said += b" " * (-len(said) % 8)
    path.write_bytes(len(said).to_bytes(8, "little") + said + b"".join(value.tobytes() for value in arrays.values()))


def wave(samples=3280):
    """A sound, by a formula."""
    at = np.arange(samples)
    return (0.3 * np.sin(2 * np.pi * 180 * at / 16_000) + 0.1 * np.sin(0.11 * at**2)).astype(np.float32)


def whisper_shapes(layers):
    """The names and sizes of what is in Whisper's encoder, as CTranslate2 calls it, but for the places."""
    found = {"conv1/bias": (512,), "conv1/weight": (512, 80, 3), "conv2/bias": (512,), "conv2/weight": (512, 512, 3)}
    for number in range(layers):
        layer = f"layer_{number}"
        for norm in ("ffn/layer_norm", "self_attention/layer_norm"):
            found |= {f"{layer}/{norm}/{kind}": (512,) for kind in ("beta", "gamma")}
        sizes = {"ffn/linear_0": (2048, 512), "ffn/linear_1": (512, 2048)}
        sizes |= {"self_attention/linear_0": (1536, 512), "self_attention/linear_1": (512, 512)}
        for name, (rows, columns) in sizes.items():
            found |= {f"{layer}/{name}/bias": (rows,), f"{layer}/{name}/weight": (rows, columns)}
    return found


def whisper_numbers(layers):
    """The numbers of Whisper's encoder by a formula, as 16-bit floats."""
    found, block = {}, np.sin(0.37 * np.arange(1, 100_004, dtype=np.float64) ** 2)  # computing them all takes seconds
    for number, (name, shape) in enumerate(sorted(whisper_shapes(layers).items())):
        values = np.resize(np.roll(block, 997 * number), shape)
        values = 1.0 + 0.2 * values if name.endswith("gamma") else values * (2 / np.sqrt(np.prod(shape[1:]) + 200))
        found[name] = values.astype(np.float16)
    places = 0.3 * np.sin(0.01 * np.arange(1500)[:, None] * (1 + np.arange(512) % 97))
    return {**found, "position_encodings/encodings": places.astype(np.float16)}


def whisper(path, layers):
    """A file as the half of CTranslate2's in which the encoder lies; what is before it is a hole."""
    with path.open("wb") as file:
        file.seek(BEGIN)
        for name, values in {"a_number": None, **whisper_numbers(layers)}.items():
            said = f"encoder/{name}".encode() + b"\0"
            file.write(struct.pack("<H", len(said)) + said)
            if values is None:
                file.write(struct.pack("<BBI", 0, 2, 2) + b"\x08\0")
            else:
                file.write(struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape))
                file.write(struct.pack("<BI", 4, values.nbytes) + values.tobytes())
    return path
