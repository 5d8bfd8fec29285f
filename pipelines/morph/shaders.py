"""The GLSL programs: blend on the GPU, then skin or clay under three lights."""

VERTEX = """
uniform mat4 projection;
uniform float t;
in vec3 position_a, position_b, normal_a, normal_m, normal_b;
out vec3 normal, place;
#if defined(TEXTURED)
in vec2 uv_a, uv_b;
out vec2 at_a, at_b;
#elif defined(COLOURED)
in vec3 colour_a, colour_b;
out vec3 colour;
#endif
void main() {
    float s = 1.0 - t;
    place = s * position_a + t * position_b;
    normal = s * s * normal_a + 2.0 * s * t * normal_m + t * t * normal_b;
#if defined(TEXTURED)
    at_a = uv_a;
    at_b = uv_b;
#elif defined(COLOURED)
    colour = s * colour_a + t * colour_b;
#endif
    gl_Position = projection * vec4(place, 1.0);
}
"""

FRAGMENT = """
uniform float t;
uniform vec3 eye;
in vec3 normal, place;
out vec4 pixel;
#if defined(TEXTURED)
uniform sampler2D texture_a, texture_b;
in vec2 at_a, at_b;
#elif defined(COLOURED)
in vec3 colour;
#endif

const vec3 KEY = normalize(vec3(-0.55, 0.62, 0.66));
const vec3 FILL = normalize(vec3(0.80, 0.05, 0.62));
const vec3 RIM = normalize(vec3(0.45, 0.55, -0.85));

vec3 linear(vec3 c) { return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c)); }
vec3 encoded(vec3 c) {
    c = clamp(c, 0.0, 1.0);
    return mix(c * 12.92, 1.055 * pow(c, vec3(1.0 / 2.4)) - 0.055, step(0.0031308, c));
}
vec3 facing() {
    vec3 smooth_normal = gl_FrontFacing ? normal : -normal;
    if (dot(smooth_normal, smooth_normal) > 1e-24) return normalize(smooth_normal);
    return normalize(cross(dFdx(place), dFdy(place)));  // a vertex whose triangles cancel out
}
float lit(vec3 n, vec3 light) { return max(dot(n, light), 0.0); }
float gloss(vec3 n, vec3 view, vec3 light, float power) { return pow(lit(n, normalize(light + view)), power); }

void main() {
    vec3 n = facing(), view = normalize(eye - place);
    float edge = pow(1.0 - lit(n, view), 3.0);
#if defined(TEXTURED) || defined(COLOURED)
#if defined(TEXTURED)
    vec3 own = (1.0 - t) * texture(texture_a, at_a).rgb + t * texture(texture_b, at_b).rgb;
#else
    vec3 own = colour;
#endif
    float sky = mix(0.22, 0.40, 0.5 + 0.5 * n.y);
    vec3 light = vec3(sky) + 0.98 * lit(n, KEY) * vec3(1.0, 0.985, 0.96) + 0.26 * lit(n, FILL) * vec3(0.92, 0.97, 1.0);
    vec3 shade = linear(own) * light + 0.03 * gloss(n, view, KEY, 24.0) + 0.10 * edge * lit(n, RIM);
#else
    float sky = mix(0.09, 0.26, 0.5 + 0.5 * n.y);
    vec3 light = vec3(sky) + 0.95 * lit(n, KEY) * vec3(1.0, 0.97, 0.92) + 0.20 * lit(n, FILL) * vec3(0.85, 0.93, 1.0);
    vec3 shade = vec3(0.56, 0.52, 0.49) * light + 0.07 * gloss(n, view, KEY, 30.0) + 0.30 * edge * lit(n, RIM);
#endif
    pixel = vec4(encoded(shade), 1.0);
}
"""
