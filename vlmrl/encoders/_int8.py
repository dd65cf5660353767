"""An image tower in 8-bit integers, for CPUs: two to three times as fast, and frames keep their order.

Weights are rounded channel by channel, activations by the ranges that a calibration measured. The first convolution
stays in fp32: it reads three channels, so it costs little, and whatever it rounds is in everything after it.
"""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.ao.quantization import (
    HistogramObserver,
    MinMaxObserver,
    PerChannelMinMaxObserver,
    QConfig,
    QConfigMapping,
    get_default_qconfig_mapping,
)
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx
from torch.fx import GraphModule

from vlmrl.config import atomic
from vlmrl.errors import ConfigError

FILE = "int8.json"
"""Beside the weights: ``{activation: [lowest, highest]}``."""
ENGINE = "onednn"
LEVELS = 255

Ranges = Mapping[str, tuple[float, float]]


def measure(tower: nn.Module, batches: Iterable[torch.Tensor]) -> dict[str, tuple[float, float]]:
    """The range of every activation that is rounded, over pictures like those that will be scored.

    Args:
        tower: in fp32, folded, in evaluation mode; left as it was.
        batches: float32 ``(B, 3, H, W)`` each, preprocessed.

    Raises:
        ConfigError: the tower is none that can be traced, or this machine has no kernels for it.
    """
    parts = iter(batches)
    first = next(parts)
    prepared = _prepare(tower, HistogramObserver, first)
    with torch.no_grad():
        prepared(first)
        for part in parts:
            prepared(part)
    return {name: _range(observer) for name, observer in _observers(prepared).items()}


def narrow(tower: nn.Module, ranges: Ranges, size: tuple[int, int]) -> nn.Module:
    """The same tower in integers.

    Args:
        tower: as for :func:`measure`.
        ranges: what that gave for it.
        size: ``(height, width)`` that it reads.

    Raises:
        ConfigError: the ranges are another tower's, or this machine has no kernels for it.
    """
    prepared = _prepare(tower, MinMaxObserver, torch.zeros(1, 3, *size))
    observers = _observers(prepared)
    if set(observers) != set(ranges):
        raise ConfigError(
            f"{FILE}: has ranges of {len(ranges)} activations, the tower rounds {len(observers)}; calibrate it anew"
        )
    for name, observer in observers.items():
        observer.min_val, observer.max_val = (torch.tensor(float(bound)) for bound in ranges[name])
    with _engine():
        whole: nn.Module = convert_fx(prepared)
    return whole


def read(path: Path) -> dict[str, tuple[float, float]]:
    """Ranges as :func:`write` kept them.

    Raises:
        ConfigError: there are none, or they are no pairs of numbers.
    """
    if not path.is_file():
        raise ConfigError(
            f"encoder.precision=int8: there is no {FILE} in {path.parent}; OpenClip(…).calibrate(frames) writes it"
        )
    try:
        return {str(name): (float(low), float(high)) for name, (low, high) in json.loads(path.read_text()).items()}
    except (ValueError, TypeError, AttributeError) as cause:
        raise ConfigError(f"{path}: holds no ranges ({cause}); calibrate anew") from cause


def write(path: Path, ranges: Ranges) -> None:
    """Keep ranges as JSON, a line each."""
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(pair)}" for name, pair in ranges.items())
    atomic.write_text(path, f"{{\n{lines}\n}}\n")


def _prepare(tower: nn.Module, observer: Any, example: torch.Tensor) -> GraphModule:
    """A copy that watches its activations."""
    tower = _without_leaps(copy.deepcopy(tower))
    convolutions = [name for name, part in tower.named_modules() if isinstance(part, nn.Conv2d)]
    # Seven bits: CPUs without VNNI add two products in 16 bits, and 2 * 255 * 64 still fits.
    weight = PerChannelMinMaxObserver.with_args(
        dtype=torch.qint8, qscheme=torch.per_channel_symmetric, quant_min=-64, quant_max=63
    )
    rounded = QConfig(activation=observer.with_args(dtype=torch.quint8), weight=weight)
    with _engine():
        mapping: QConfigMapping = get_default_qconfig_mapping(ENGINE).set_global(rounded)
        for name in convolutions[:1]:
            mapping.set_module_name(name, None)
        try:
            prepared: GraphModule = prepare_fx(tower, mapping, (example,))
        except Exception as cause:  # whatever FX meets in a tower that decides by what it sees
            raise ConfigError(f"encoder.precision=int8: this tower cannot be traced ({cause}); take fp32") from cause
    prepared.eval()
    return prepared


def _without_leaps(tower: nn.Module) -> nn.Module:
    """Pick the pixels first where a 1x1 convolution leaps over some: oneDNN's threads then write over one another.

    Seen in oneDNN's 8-bit kernels for AVX2: the result differs from call to call. A pool of one pixel only picks.
    """
    for parent in list(tower.modules()):
        for name, part in parent.named_children():
            if isinstance(part, nn.Conv2d) and part.kernel_size == (1, 1) and part.stride != (1, 1):
                pick, part.stride = nn.MaxPool2d(1, part.stride), (1, 1)
                setattr(parent, name, nn.Sequential(pick, part))
    return tower


def _observers(prepared: nn.Module) -> dict[str, Any]:
    return {
        name: part for name, part in prepared.named_modules() if isinstance(part, (HistogramObserver, MinMaxObserver))
    }


def _range(observer: Any) -> tuple[float, float]:
    """What an observer would round to, as the lowest and the highest number."""
    scale, zero = (float(value) for value in observer.calculate_qparams())
    return -zero * scale, (LEVELS - zero) * scale


@contextmanager
def _engine() -> Iterator[None]:
    """Round for the kernels of oneDNN, the fastest of a CPU's, and for nobody else in the process."""
    backend: Any = torch.backends.quantized
    if ENGINE not in backend.supported_engines:
        raise ConfigError(f"encoder.precision=int8: torch has no {ENGINE} on this machine; take fp32")
    before = backend.engine
    backend.engine = ENGINE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a successor that would need a C++ compiler at run time
            yield
    finally:
        backend.engine = before
