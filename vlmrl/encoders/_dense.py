"""What an image tower sees in each place of a picture, in the space of its sentences: maps instead of one vector.

A place's vector is what the tower's own pooling gives when that place is all there is to pool. Where the tower averages
and then projects, the mean of all places is the picture's own vector, exactly, as in class activation maps (Zhou
et al., CVPR 2016, arXiv 1512.04150). Where it attends, a place attends to itself alone, which leaves the path of the
values: MaskCLIP (Zhou, Loy and Dai, ECCV 2022, arXiv 2112.01071), of which the code for transformers was read; for
CLIP's ResNets this is a reconstruction.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from open_clip.modified_resnet import ModifiedResNet
from open_clip.timm_model import TimmModel
from open_clip.transformer import VisionTransformer
from torch.nn.functional import grid_sample, linear, pad

from vlmrl.errors import ConfigError


class Seen(NamedTuple):
    """The part of a frame that a tower reads, in pixels of the frame; beyond its edges where it was padded."""

    top: float
    left: float
    bottom: float
    right: float


def dense(tower: Any, pixels: torch.Tensor) -> torch.Tensor:
    """A vector for each place of each picture.

    Args:
        tower: one of open_clip's image towers, in evaluation mode.
        pixels: float32 ``(B, 3, H, W)``, preprocessed.

    Returns:
        ``(B, h, w, D)``, not of length 1; h and w are the tower's own.

    Raises:
        ConfigError: the tower keeps no map of the picture that can be read here.
    """
    if isinstance(tower, VisionTransformer) and tower.attn_pool is None and tower.proj is not None:
        return _of_transformer(tower, pixels)
    if isinstance(tower, ModifiedResNet) and tower.attnpool is not None:
        return _of_resnet(tower, pixels)
    if isinstance(tower, TimmModel) and not hasattr(tower.head, "pool"):
        return _of_timm(tower, pixels)
    raise _none_in(tower)


def finer(tower: Any, pixels: torch.Tensor, fine: int) -> torch.Tensor:
    """The same, ``fine`` times as many places along each side: the picture is shifted, read again and put together.

    Shifting by parts of the tower's step and interleaving is OverFeat's way (Sermanet et al., ICLR 2014, arXiv
    1312.6229): the places lie closer together, and each still sees as much around it as before. What a shift leaves
    empty repeats the edge.
    """
    first = dense(tower, pixels)
    if fine == 1:
        return first
    count, high, wide, dim = first.shape
    steps = pixels.shape[-2] / high, pixels.shape[-1] / wide
    margin = math.ceil(max(steps) / 2)
    padded = pad(pixels, (margin, margin, margin, margin), mode="replicate")
    places = first.new_empty(count, high, fine, wide, fine, dim)
    for down in range(fine):
        for across in range(fine):
            moved = [
                margin + round((place - (fine - 1) / 2) * step / fine)
                for place, step in zip((down, across), steps, strict=True)
            ]
            top, left = moved
            window = padded[..., top : top + pixels.shape[-2], left : left + pixels.shape[-1]]
            places[:, :, down, :, across] = dense(tower, window.contiguous())
    return places.reshape(count, high * fine, wide * fine, dim)


def to_pixels(maps: torch.Tensor, seen: Seen, size: tuple[int, int]) -> torch.Tensor:
    """Maps ``(B, h, w)`` of what a tower saw as maps of whole frames, ``(B, height, width)``, between places linear.

    Returns:
        NaN at pixels that the tower did not see, because the frame was cut to its proportions.
    """
    (tall, wide), (top, left, bottom, right) = size, seen
    rows = (torch.arange(tall, device=maps.device) + 0.5 - top) / (bottom - top)
    columns = (torch.arange(wide, device=maps.device) + 0.5 - left) / (right - left)
    grid = torch.stack(torch.meshgrid(2 * rows - 1, 2 * columns - 1, indexing="ij")[::-1], dim=-1)
    grids = grid.to(maps.dtype).expand(len(maps), tall, wide, 2)
    found = grid_sample(maps[:, None], grids, mode="bilinear", padding_mode="border", align_corners=False)[:, 0]
    unseen = (grid.abs() > 1).any(-1)
    return found.masked_fill(unseen, torch.nan)


def _of_transformer(tower: VisionTransformer, pixels: torch.Tensor) -> torch.Tensor:
    blocks, tokens = tower.transformer.resblocks, tower._embeds(pixels)
    if not getattr(tower.transformer, "batch_first", True):
        raise _none_in(tower)
    for block in blocks[:-1]:
        tokens = block(tokens)
    # The average of all tokens needs them as they are; one token that reads them all reads their values.
    alone = None
    if tower.pool_type != "avg":
        alone = torch.full((tokens.shape[1],) * 2, -torch.inf, device=tokens.device).fill_diagonal_(0.0)
    tokens = tower.ln_post(blocks[-1](tokens, attn_mask=alone)[:, 1:]) @ tower.proj
    places: torch.Tensor = tokens.unflatten(1, tower.grid_size)
    return places


def _of_resnet(tower: ModifiedResNet, pixels: torch.Tensor) -> torch.Tensor:
    places = tower.stem(pixels)
    for layer in (tower.layer1, tower.layer2, tower.layer3, tower.layer4):
        places = layer(places)
    pool = tower.attnpool
    values = linear(places.permute(0, 2, 3, 1), pool.v_proj.weight, pool.v_proj.bias)
    return linear(values, pool.c_proj.weight, pool.c_proj.bias)


def _of_timm(tower: TimmModel, pixels: torch.Tensor) -> torch.Tensor:
    trunk = tower.trunk
    places = trunk.forward_features(pixels)
    if places.ndim == 4 and places.shape[1] == trunk.num_features:  # a convolutional trunk
        grid, alone = places.shape[-2:], places.permute(0, 2, 3, 1).flatten(0, 2)[:, :, None, None]
    elif places.ndim == 3 and getattr(trunk, "num_prefix_tokens", 1) == 0:  # a transformer without a class token
        grid, alone = trunk.patch_embed.grid_size, places.flatten(0, 1)[:, None]
    else:
        raise _none_in(tower)
    rows: torch.Tensor = tower.head(trunk.forward_head(alone)).unflatten(0, (len(pixels), *grid))
    return rows


def _none_in(tower: Any) -> ConfigError:
    return ConfigError(
        f"encoder: its image tower ({type(getattr(tower, 'trunk', tower)).__name__}) has no dense features that can be "
        "read; take a ViT or ResNet of CLIP, a SigLIP, a ConvNeXt or sim_clip, with encoder.precision other than int8"
    )
