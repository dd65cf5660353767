"""Folding changes how a tower computes, not what."""

import torch
from timm.layers.conv_bn_act import ConvNormAct
from timm.layers.norm_act import BatchNormAct2d

from vlmrl.encoders._fold import fold


def tower():
    torch.manual_seed(0)
    units = torch.nn.Sequential(
        ConvNormAct(3, 8, 3, stride=2),
        ConvNormAct(8, 8, 3, groups=4, apply_act=False),
        torch.nn.BatchNorm2d(8),
        torch.nn.Conv2d(8, 4, 1),
    )
    for unit in units.modules():
        if isinstance(unit, torch.nn.BatchNorm2d):  # as training would have left it
            torch.nn.init.normal_(unit.running_mean)
            torch.nn.init.uniform_(unit.running_var, 0.5, 2.0)
            torch.nn.init.normal_(unit.weight)
            torch.nn.init.normal_(unit.bias)
    return units.eval()


def test_a_folded_tower_gives_the_same_numbers():
    plain, folded, pictures = tower(), tower(), torch.randn(5, 3, 16, 16)
    fold(folded)
    with torch.no_grad():
        torch.testing.assert_close(folded(pictures), plain(pictures), atol=1e-5, rtol=1e-5)


def test_only_what_belongs_together_is_folded():
    folded = tower()
    fold(folded)
    assert not any(isinstance(unit, BatchNormAct2d) for unit in folded.modules())
    assert isinstance(folded[2], torch.nn.BatchNorm2d), "a normalisation on its own stays"
