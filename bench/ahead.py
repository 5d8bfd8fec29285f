"""The kernels as Triton compiles them for a GPU that is not here: whether it does, and what of it they take."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import triton
from triton._C.libtriton import ir
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, make_backend
from triton.runtime.jit import JITFunction

from bench import launches

TYPES = {
    torch.float32: "fp32",
    torch.float16: "fp16",
    torch.int32: "i32",
    torch.int64: "i64",
    torch.uint8: "u8",
}
TOOL = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump"


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A kernel with what it was called with: types of its arguments, values of its constants."""

    kernel: Any
    types: dict[str, str]
    constants: dict[str, Any]
    options: dict[str, Any]

    @property
    def name(self) -> str:
        """Module and function."""
        return f"{self.kernel.fn.__module__.removeprefix('pipelines.talking_head.')}.{self.kernel.fn.__name__}"

    @property
    def source(self) -> ASTSource:
        """As Triton's compiler takes it."""
        return ASTSource(self.kernel, signature=self.types, constexprs=self.constants)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a program takes. registers: a thread. spilled: bytes a thread. shared: bytes. warps: 32 threads each."""

    name: str
    registers: int
    spilled: int
    shared: int
    warps: int


@contextmanager
def recorded() -> Iterator[list[Launch]]:
    """Within, kernels are not run but written down."""
    seen: list[Launch] = []

    def run(kernel: Any, *args: Any, grid: Any, warmup: bool, **named: Any) -> None:
        del grid, warmup
        names = [one.name for one in kernel.params]
        given = dict(zip(names, args, strict=False)) | {name: named[name] for name in names if name in named}
        constant = {one.name for one in kernel.params if one.is_constexpr}
        seen.append(
            Launch(
                kernel=kernel,
                types={name: "constexpr" if name in constant else _type(given[name]) for name in names},
                constants={name: given[name] for name in constant},
                options={name: value for name, value in named.items() if name not in names},
            )
        )

    own, JITFunction.run = JITFunction.run, run
    try:
        yield seen
    finally:
        JITFunction.run = own


def _type(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"*{TYPES[value.dtype]}"
    return "fp32" if isinstance(value, float) else "i32"


def every() -> list[Launch]:
    """Each kernel as its engine launches it, forward and back."""
    with recorded() as seen:
        launches.all_of_them(torch.device("cpu"))
    return list({(one.name, str(one.types), str(one.constants)): one for one in seen}.values())


def understood(launch: Launch, capability: int) -> str:
    """The kernel in Triton's own language: that it keeps to its rules, which the interpreter does not ask for."""
    target = GPUTarget("cuda", capability, 32)
    backend = make_backend(target)
    options = backend.parse_options({**launch.options})
    context = ir.context()
    ir.load_dialects(context)
    backend.load_dialects(context)
    functions, modules = backend.get_codegen_implementation(options), backend.get_module_map()
    return str(launch.source.make_ir(target, options, functions, modules, context))


def taken(launch: Launch, capability: int) -> Taken:
    """What the kernel takes, compiled to the machine's own code. A minute for the largest."""
    target = GPUTarget("cuda", capability, 32)
    made = triton.compile(launch.source, target=target, options=launch.options)
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(made.asm["cubin"])
        file.flush()
        told = subprocess.run([TOOL, "--dump-resource-usage", file.name], capture_output=True, text=True, check=True)
    (registers, spilled), *_ = re.findall(r"REG:(\d+) STACK:(\d+)", told.stdout)
    return Taken(
        name=launch.name,
        registers=int(registers),
        spilled=int(spilled),
        shared=int(made.metadata.shared),
        warps=int(made.metadata.num_warps),
    )


def main(argv: list[str]) -> None:
    """Told of a capability: a line for each kernel that the compiler understood; with --taken, what each takes."""
    capability = int(argv[0])
    for one in every():
        if "--taken" in argv:
            print(json.dumps(asdict(taken(one, capability))), flush=True)
        else:
            print(one.name, len(understood(one, capability)))


if __name__ == "__main__":
    main(sys.argv[1:])
