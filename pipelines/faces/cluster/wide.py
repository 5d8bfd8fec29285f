"""The inner loop of the sweep: 8 codes by 48, by an instruction that multiplies and adds 64 numbers of 8 bits at once.

The instruction is AVX-512 VNNI's vpdpbusd, which multiplies numbers without sign by numbers with: the 48 are shifted
by 128 on the way, so a product is too large by 128 times the sum of the other code. Nothing saturates: 512 numbers
stay below 2^25.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

ROWS = 8
COLUMNS = 3
"""Groups of 16: with 8 rows that is 24 sums, which leaves 8 of the 32 registers for what is multiplied."""
SHIFT = 128
FEATURE = "avx512vnni"

_NUMBER = ir.IntType(32)
_SIXTEEN = ir.VectorType(_NUMBER, 16)


def there() -> bool:
    """Whether this processor has the instruction, and numba may use it."""
    chosen, named = (getattr(config, name, None) for name in ("CPU_FEATURES", "CPU_NAME"))
    if chosen is not None:
        return f"+{FEATURE}" in str(chosen)
    return named is None and bool(llvmlite.binding.get_host_cpu_features().get(FEATURE))


def _constant(value: int) -> Any:
    return ir.Constant(_SIXTEEN, [ir.Constant(_NUMBER, value)] * 16)


@intrinsic
def multiplied(_: Any, rows: Any, columns: Any, steps: Any, out: Any) -> tuple[Any, Callable[..., Any]]:
    """Afterwards at the address out there are 8 x 48 int32: the products of 8 codes and of 48.

    rows, columns: addresses of packed codes, of half a group and of 3 groups. out: one that 64 divides. steps: of a
    code.
    """
    return types.void(rows, columns, steps, out), _generated


def _generated(context: Any, builder: Any, _: Any, arguments: tuple[Any, ...]) -> Any:
    rows, columns, steps, out = arguments
    instruction = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
        builder.module, ir.FunctionType(_SIXTEEN, [_SIXTEEN] * 3), "llvm.x86.avx512.vpdpbusd.512"
    )
    size, before = rows.type, builder.block
    body, after = builder.append_basic_block("steps"), builder.append_basic_block("after")
    builder.branch(body)
    builder.position_at_end(body)
    step, offset = builder.phi(size), None
    step.add_incoming(size(0), before)
    sums = [builder.phi(_SIXTEEN) for _ in range(ROWS * COLUMNS)]
    offset = builder.mul(step, size(64))
    whole = builder.mul(steps, size(64))
    right = [_loaded(builder, [columns, offset, builder.mul(whole, size(at))], _SIXTEEN) for at in range(COLUMNS)]
    right = [builder.xor(numbers, _constant(0x80808080 - 2**32)) for numbers in right]
    left = [_spread(builder, _loaded(builder, [rows, offset, size(4 * at)], _NUMBER)) for at in range(ROWS)]
    added = [builder.call(instruction, [sums[at], right[at % COLUMNS], left[at // COLUMNS]]) for at in range(len(sums))]
    following = builder.add(step, size(1))
    step.add_incoming(following, body)
    for one, other in zip(sums, added, strict=True):
        one.add_incoming(_constant(0), before)
        one.add_incoming(other, body)
    builder.cbranch(builder.icmp_signed("<", following, steps), body, after)
    builder.position_at_end(after)
    for at, numbers in enumerate(added):
        place = builder.inttoptr(builder.add(out, size(64 * at)), _SIXTEEN.as_pointer())
        builder.store(numbers, place, align=64)
    return context.get_dummy_value()


def _loaded(builder: Any, parts: list[Any], kind: Any) -> Any:
    address = parts[0]
    for part in parts[1:]:
        address = builder.add(address, part)
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=64 if kind is _SIXTEEN else 4)


def _spread(builder: Any, number: Any) -> Any:
    none = ir.Constant(_SIXTEEN, ir.Undefined)
    first = builder.insert_element(none, number, _NUMBER(0))
    return builder.shuffle_vector(first, none, _constant(0))
