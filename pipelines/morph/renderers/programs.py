"""The GLSL programs: blend on the device and light it, paint values, and gather samples to pixels."""

from __future__ import annotations

from pipelines.morph.renderers.lighting import CLAY, COOL, FILL, KEY, RIM, WARM, Lamps

HEAD = "#version 400\n"

VERTEX = """
uniform mat4 projection;
uniform mat3 turn;
uniform float t;
in vec3 position_a, position_b;
#if defined(PAINTED)
in float value;
out float painted;
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
    painted = value;
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
uniform sampler2D colours;
in float painted;
out vec4 pixel;
void main() {
    float last = float(textureSize(colours, 0).x) - 1.0;
    pixel = vec4(texture(colours, vec2((clamp(painted, 0.0, 1.0) * last + 0.5) / (last + 1.0), 0.5)).rgb, 1.0);
}
"""
"""painted: 0 is the table's first entry, 1 its last."""

SHADED = """
uniform float t;
uniform vec2 lens;
in vec3 normal;
out vec4 pixel;
#if defined(TEXTURED)
uniform sampler2D texture_a, texture_b;
in vec2 at_a, at_b;
#elif defined(COLOURED)
in vec3 colour;
#endif

vec3 linear(vec3 c) { return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c)); }
vec3 encoded(vec3 c) {  // sRGB within a thousandth by three square roots, which cost a third of a power
    c = clamp(c, 0.0, 1.0);
    vec3 second = sqrt(c), fourth = sqrt(second), eighth = sqrt(fourth);
    vec3 curve = 0.662002687 * second + 0.684122060 * fourth - 0.323583601 * eighth - 0.0225411470 * c;
    return mix(c * 12.92, curve, step(0.0031308, c));
}
vec3 from_eye() { return vec3(gl_FragCoord.xy * lens.x - lens.y, -1.0) / gl_FragCoord.w; }
vec3 facing() {
    if (dot(normal, normal) > 1e-24) return normalize(gl_FrontFacing ? normal : -normal);
    return normalize(cross(dFdx(from_eye()), dFdy(from_eye())));  // a vertex whose triangles cancel out
}
float lit(vec3 n, vec3 light) { return max(dot(n, light), 0.0); }

void main() {
#if defined(TEXTURED)
    vec3 own = linear((1.0 - t) * texture(texture_a, at_a).rgb + t * texture(texture_b, at_b).rgb);
#elif defined(COLOURED)
    vec3 own = linear(colour);
#else
    vec3 own = MATERIAL;
#endif
    vec3 n = facing(), view = normalize(-from_eye());
    float edge = 1.0 - lit(n, view), mirrored = lit(n, normalize(KEY + view));
    float second = mirrored * mirrored, fourth = second * second, eighth = fourth * fourth;
    vec3 light = vec3(mix(GROUND, SKY, 0.5 + 0.5 * n.y) + HEADLAMP * lit(n, view))
        + KEY_STRENGTH * lit(n, KEY) * WARM + FILL_STRENGTH * lit(n, FILL) * COOL;
    vec3 shade = own * light + GLOSS * eighth * eighth * eighth + RIM_STRENGTH * edge * edge * edge * lit(n, RIM);
    pixel = vec4(encoded(shade), 1.0);
}
"""
"""lens.x: how much of the picture a sample is wide, one unit in front of the eye; lens.y: half of the picture there."""

WHOLE = """
void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0); }
"""
"""One triangle over all of the picture."""

GATHERED = """
uniform sampler2D colour, depth;
uniform float pixels;
out vec4 pixel;
void main() {
    vec2 at = vec2(gl_FragCoord.x, pixels - gl_FragCoord.y) / pixels;
    vec4 depths = textureGather(depth, at);
    float far = max(max(depths.x, depths.y), max(depths.z, depths.w));
    pixel = vec4(texture(colour, at).rgb, ceil(far * 255.0) / 255.0);
}
"""
"""The four samples around a pixel's middle, first row on top. Alpha: the depth of the farthest of them, rounded up."""


def lights(lamps: Lamps) -> str:
    """The names that SHADED leaves open, as definitions."""
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
