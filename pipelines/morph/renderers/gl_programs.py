"""The programs of one OpenGL device, each compiled once, whatever subjects it draws."""

from __future__ import annotations

from typing import Any, cast

import moderngl


class Programs:
    """Compiled programs by their text.

    On a processor to compile one takes as long as to draw several pictures with it, where Mesa may not keep it on a
    disk. gl: the device, with which they end.
    """

    def __init__(self, gl: moderngl.Context) -> None:
        self.gl = gl
        self._made: dict[tuple[str, str], moderngl.Program] = {}

    def of(self, vertex: str, fragment: str) -> moderngl.Program:
        """The program of these shaders; its uniforms are as they were left."""
        if (vertex, fragment) not in self._made:
            self._made[vertex, fragment] = self.gl.program(vertex_shader=vertex, fragment_shader=fragment)
        return self._made[vertex, fragment]


def put(program: moderngl.Program, uniform: str, value: object) -> None:
    """Afterwards the uniform has that value, where the program has it at all: what is not used is compiled away."""
    if uniform in program:
        cast("Any", program[uniform]).value = value
