"""An encoder is found by the name of its config, or by its name in open_clip."""

import pytest

from vlmrl.encoders import load
from vlmrl.encoders.open_clip import OpenClip
from vlmrl.errors import ConfigError, UnknownName, WeightsMissing


def test_a_config_is_loaded_with_its_settings_changed(toy_directory):
    loaded = load("vit_b_32", device="cpu", model=f"local-dir:{toy_directory}", precision="bf16", batch_size=5)
    assert isinstance(loaded, OpenClip)
    assert (loaded.precision, loaded.batch_size, loaded.dim) == ("bf16", 5, 16)


def test_any_name_of_open_clip_is_a_model(toy_directory, toy_encoder):
    assert load(f"local-dir:{toy_directory}", precision="fp32", device="cpu").fingerprint == toy_encoder.fingerprint
    with pytest.raises(WeightsMissing):
        load("hf-hub:nobody/nothing")


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownName, match=r"encoder=simclip: is not known; did you mean sim_clip\?"):
        load("simclip")


def test_an_unknown_setting_is_answered_with_the_nearest(toy_directory):
    with pytest.raises(ConfigError, match=r"encoder\.precison=fp32.*did you mean encoder\.precision\?"):
        load(f"local-dir:{toy_directory}", precison="fp32")


def test_an_unknown_family_is_named(toy_directory):
    with pytest.raises(UnknownName, match=r"encoder=openclip: is not known; did you mean open_clip\?"):
        load(f"local-dir:{toy_directory}", family="openclip")
