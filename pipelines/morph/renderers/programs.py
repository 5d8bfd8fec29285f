"""The GLSL programs: blend on the device, paint values, and gather samples to pixels, which are lit then."""

from __future__ import annotations

from pipelines.morph.renderers.lighting import CLAY, COOL, FILL, KEY, RIM, WARM, Lamps

HEAD = "#version 400\n"
TOGETHER = 3
"""Paints that are drawn at once, because a triangle costs much more than what it shows."""

VERTEX = """
uniform mat4 projection;
uniform mat3 turn;
uniform float t;
in vec3 position_a, position_b;
#if defined(PAINTED)
in vec3 value;
out vec3 place;
#else
in vec3 normal_a, normal_m, normal_b;
out vec3 normal;
#endif
#if defined(TEXTURED)
in vec2 uv_a, uv_b;
out vec2 at_a, at_b;
#elif defined(COLOURED)
in vec3 colour_a, colour_b;
out vec3 colour;
#endif
void main() {
    float s = 1.0 - t;
    gl_Position = projection * vec4(turn * (s * position_a + t * position_b), 1.0);
#if defined(PAINTED)
    place = value;
#else
    normal = turn * (s * s * normal_a + 2.0 * s * t * normal_m + t * t * normal_b);
#endif
#if defined(TEXTURED)
    at_a = uv_a;
    at_b = uv_b;
#elif defined(COLOURED)
    colour = s * colour_a + t * colour_b;
#endif
}
"""

PAINTED = """
uniform sampler2D colours[3];
in vec3 place;
layout(location = 0) out vec4 first;
layout(location = 1) out vec4 second;
layout(location = 2) out vec4 third;
vec4 coloured(sampler2D table, float at) {
    float last = float(textureSize(table, 0).x) - 1.0;
    return vec4(texture(table, vec2((clamp(at, 0.0, 1.0) * last + 0.5) / (last + 1.0), 0.5)).rgb, 1.0);
}
void main() {
    first = coloured(colours[0], place.x);
    second = coloured(colours[1], place.y);
    third = coloured(colours[2], place.z);
}
"""
"""place: of each of TOGETHER values in its table; 0 is the first entry, 1 the last."""

SURFACE = """
uniform float t;
uniform vec2 lens;
in vec3 normal;
layout(location = 0) out vec2 direction;
#if defined(TEXTURED)
uniform sampler2D texture_a, texture_b;
in vec2 at_a, at_b;
layout(location = 1) out vec4 own;
#elif defined(COLOURED)
in vec3 colour;
layout(location = 1) out vec4 own;
#endif

vec3 from_eye() { return vec3(gl_FragCoord.xy * lens.x - lens.y, -1.0) / gl_FragCoord.w; }
vec3 facing() {
    if (dot(normal, normal) > 1e-24) return normalize(gl_FrontFacing ? normal : -normal);
    return normalize(cross(dFdx(from_eye()), dFdy(from_eye())));  // a vertex whose triangles cancel out
}

void main() {
    vec3 n = facing();
    direction = n.xy * inversesqrt(max(8.0 * n.z + 8.0, 1e-6)) + 0.5;
#if defined(TEXTURED)
    own = vec4((1.0 - t) * texture(texture_a, at_a).rgb + t * texture(texture_b, at_b).rgb, 1.0);
#elif defined(COLOURED)
    own = vec4(colour, 1.0);
#endif
}
"""
"""What each sample shows, not lit yet: a small triangle costs many more samples than it has, so they must be cheap.

direction: of the normal, by Lambert's azimuthal projection with equal areas, 0 to 1. lens.x: how much of the picture a
sample is wide, one unit in front of the eye; lens.y: half of the picture there.
"""

BOX = """
uniform vec4 box;
void main() { gl_Position = vec4(mix(box.xy, box.zw, vec2(gl_VertexID & 1, gl_VertexID >> 1)), 0.0, 1.0); }
"""
"""A rectangle, as a strip of two triangles. box: left, bottom, right and top, -1 to 1."""

_FOUR = """
uniform sampler2D depth;
uniform float pixels;
layout(location = 0) out vec4 pixel;
vec2 middle() { return vec2(gl_FragCoord.x, pixels - gl_FragCoord.y) / pixels; }
float rounded_up(vec4 depths) { return ceil(max(max(depths.x, depths.y), max(depths.z, depths.w)) * 255.0) / 255.0; }
"""
"""The four samples around a pixel's middle, first row on top. Alpha: the depth of the farthest of them, rounded up."""

LIT = f"""{_FOUR}
uniform sampler2D directions, own;
uniform vec2 lens;
uniform vec3 ground;
vec3 linear(vec3 c) {{ return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c)); }}
vec3 encoded(vec3 c) {{  // sRGB within a thousandth by three square roots, which cost a third of a power
    c = clamp(c, 0.0, 1.0);
    vec3 second = sqrt(c), fourth = sqrt(second), eighth = sqrt(fourth);
    vec3 curve = 0.662002687 * second + 0.684122060 * fourth - 0.323583601 * eighth - 0.0225411470 * c;
    return mix(c * 12.92, curve, step(0.0031308, c));
}}
float lit(vec3 n, vec3 light) {{ return max(dot(n, light), 0.0); }}
vec3 normal(vec2 direction) {{
    vec2 flat_ = 4.0 * direction - 2.0;
    float square = dot(flat_, flat_);
    return vec3(flat_ * sqrt(max(1.0 - square / 4.0, 0.0)), 1.0 - square / 2.0);
}}
vec3 shaded(vec3 own_, vec3 n, vec3 view, vec3 between) {{
    float edge = 1.0 - lit(n, view), mirrored = lit(n, between);
    float second = mirrored * mirrored, fourth = second * second, eighth = fourth * fourth;
    vec3 light = vec3(mix(GROUND, SKY, 0.5 + 0.5 * n.y) + HEADLAMP * lit(n, view))
        + KEY_STRENGTH * lit(n, KEY) * WARM + FILL_STRENGTH * lit(n, FILL) * COOL;
    vec3 shine = vec3(GLOSS * eighth * eighth * eighth + RIM_STRENGTH * edge * edge * edge * lit(n, RIM));
    return encoded(own_ * light + shine);
}}

void main() {{
    vec2 at = middle();
    vec4 depths = textureGather(depth, at), x = textureGather(directions, at, 0), y = textureGather(directions, at, 1);
#if !defined(CLAY)
    vec4 red = textureGather(own, at, 0), green = textureGather(own, at, 1), blue = textureGather(own, at, 2);
#endif
    vec3 view = normalize(vec3(lens.y - at * 2.0 * lens.y, 1.0)), between = normalize(KEY + view), sum = vec3(0.0);
    for (int k = 0; k < 4; k++) {{
#if defined(CLAY)
        vec3 mine = MATERIAL;
#else
        vec3 mine = linear(vec3(red[k], green[k], blue[k]));
#endif
        sum += depths[k] < 1.0 ? shaded(mine, normal(vec2(x[k], y[k])), view, between) : ground;
    }}
    pixel = vec4(sum / 4.0, rounded_up(depths));
}}
"""
"""SURFACE, lit; the eye is taken to see all four samples of a pixel from where it sees the pixel's middle."""

GATHERED = f"""{_FOUR}
layout(location = 1) out vec4 second;
layout(location = 2) out vec4 third;
uniform sampler2D painted[3];
void main() {{
    vec2 at = middle();
    pixel = vec4(texture(painted[0], at).rgb, rounded_up(textureGather(depth, at)));
    second = texture(painted[1], at);
    third = texture(painted[2], at);
}}
"""
"""PAINTED, as it is."""


def lights(lamps: Lamps) -> str:
    """The names that LIT leaves open, as definitions."""
    strengths = {
        "GROUND": lamps.ground,
        "SKY": lamps.sky,
        "HEADLAMP": lamps.head,
        "KEY_STRENGTH": lamps.key,
        "FILL_STRENGTH": lamps.fill,
        "GLOSS": lamps.gloss,
        "RIM_STRENGTH": lamps.rim,
    }
    colours = {"WARM": WARM, "COOL": COOL, "MATERIAL": CLAY}
    directions = {"KEY": KEY, "FILL": FILL, "RIM": RIM}
    lines = [f"#define {name} {value:.6f}" for name, value in strengths.items()]
    lines += [f"#define {name} {_vector(value)}" for name, value in colours.items()]
    lines += [f"const vec3 {name} = normalize({_vector(value)});" for name, value in directions.items()]
    return "\n".join(lines) + "\n"


def _vector(value: tuple[float, float, float]) -> str:
    return "vec3({:.6f}, {:.6f}, {:.6f})".format(*value)
