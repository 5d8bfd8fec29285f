"""Which landmark of MediaPipe's 478 is what. Left and right are the viewer's, as in the picture."""

from __future__ import annotations

MESH = 468
"""Landmarks of the surface; the ten after them are the irises."""
ALL = 478

EYE_CORNERS = (33, 263)
"""The outer corners; their distance is the inter-ocular distance of this project (as in the 300-W benchmark)."""
INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
"""A ring from the left corner over the upper lip to the right one and back."""
OUTER_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
LIPS = OUTER_LIPS + INNER_LIPS
GAPS = ((81, 178), (82, 87), (13, 14), (312, 317), (311, 402))
"""Upper and lower point of the inner lips, one above the other."""
CORNERS, MIDDLES = (61, 291), (0, 17)
"""Of the outer lips: left and right corner; middle of the upper and of the lower lip."""
OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
"""The outline of the face, from the top of the forehead clockwise."""
JAW = (234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454)
"""The lower half of the outline, from ear to ear."""
FOREHEAD, CHIN = 10, 152
STEADY = (
    *(6, 168, 197, 195, 5, 4, 1, 19, 94, 2, 98, 327, 64, 294, 48, 278, 115, 344, 131, 360),
    *(33, 133, 263, 362, 8, 9, 151, 10, 108, 337, 109, 338, 67, 297, 69, 299, 104, 333, 68, 298),
    *(127, 356, 234, 454, 162, 389, 143, 372, 116, 345, 123, 352),
)
"""What moves with the skull: nose, corners of the eyes, forehead, temples, cheekbones."""

BLENDSHAPES = 52
BLINK_LEFT, BLINK_RIGHT, JAW_OPEN = 9, 10, 25
"""Rows of the blendshapes (left and right here are the person's, as Apple names them)."""
EXPRESSIVE = (
    *(0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78),
    *(80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150),
    *(152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234),
    *(246, 249, 251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311),
    *(312, 314, 317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380),
    *(381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466),
    *range(468, 478),
)
"""The landmarks that the network of the blendshapes takes (face_blendshapes_graph.cc of MediaPipe)."""
