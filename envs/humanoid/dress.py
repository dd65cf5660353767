"""How Gymnasium's humanoid is dressed for the camera: plain floor, light sky, trunk and limbs in colours of their own.

As shipped it is a brown figure on a black and white checker; a vision-language model tells its postures apart only when
it is dressed. VLM-RM (Rocamonde et al., ICLR 2024, section 4.3) found 36 % success at kneeling with the shipped scene,
91 % with new textures, 100 % with a closer camera as well. Textures, colours and camera here are our own. Only what is
seen changes: masses, joints and contacts stay Gymnasium's.
"""

from __future__ import annotations

import mujoco
import numpy as np

COLOURS = {
    "floor": (0.80, 0.82, 0.80),
    "head": (0.98, 0.80, 0.62),
    "hand": (0.98, 0.80, 0.62),
    "arm": (0.93, 0.47, 0.10),
    "thigh": (0.12, 0.36, 0.72),
    "shin": (0.20, 0.52, 0.88),
    "foot": (0.10, 0.14, 0.30),
    "butt": (0.10, 0.28, 0.60),
    "": (0.78, 0.12, 0.16),
}
"""Red, green and blue in [0, 1] of geoms whose name contains the word; the first word that fits counts."""
SKY = (0.72, 0.84, 0.95), (0.95, 0.97, 1.0)
"""Above and at the horizon."""


def dress(model: mujoco.MjModel) -> None:
    """Colour the humanoid, its floor, sky and light; what moves, and how, stays as it is.

    Args:
        model: Gymnasium's humanoid, changed in place.
    """
    model.geom_matid[:] = -1
    for geom in range(model.ngeom):
        name = model.geom(geom).name
        model.geom_rgba[geom] = (*next(colour for word, colour in COLOURS.items() if word in name), 1.0)
    _paint_sky(model)
    model.vis.headlight.ambient[:] = 0.45
    model.vis.headlight.diffuse[:] = 0.35
    model.vis.headlight.specular[:] = 0.0
    model.light_diffuse[:] = 0.45
    model.light_specular[:] = 0.1
    model.light_dir[0] = np.array([-0.4, 0.3, -1.0]) / np.linalg.norm([0.4, 0.3, 1.0])
    model.vis.map.fogstart, model.vis.map.fogend = 20.0, 40.0


def _paint_sky(model: mujoco.MjModel) -> None:
    sky = int(np.flatnonzero(model.tex_type == int(mujoco.mjtTexture.mjTEXTURE_SKYBOX))[0])
    height, width, channels = model.tex_height[sky], model.tex_width[sky], model.tex_nchannel[sky]
    pixels = model.tex_data[model.tex_adr[sky] :][: height * width * channels].reshape(height, width, channels)
    pixels[:] = np.array(SKY[0]) * 255
    del pixels
