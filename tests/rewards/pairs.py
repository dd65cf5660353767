"""Rewards of pairs whose weights were drawn and not taught, made loud, so that every formula has something to say."""

import torch

from tests.contracts.test_every_history_reward import untaught
from vlmrl.find import name_of


def loud(kind, encoder, folder, scale=60, **settings):
    """A reward with drawn weights whose answers are far from 0."""
    name = kind.__module__.rpartition(".")[2]
    model = kind(encoder, weights=untaught(name, encoder, folder / f"{name}.safetensors"), **settings)
    assert name_of(model) == name
    with torch.no_grad():
        for weight in model._network.far[-1].parameters():
            weight *= scale
    return model


def episode(encoder, length):
    """Embeddings float32 ``(length, D)`` of length 1."""
    draw = torch.Generator().manual_seed(length)
    return torch.nn.functional.normalize(torch.randn(length, encoder.dim, generator=draw), dim=1)
