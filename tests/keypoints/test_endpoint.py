"""The client of chat endpoints: what is asked, what is tried again, and what no answer comes to."""

import base64
import io
import socket

import numpy as np
import pytest
from PIL import Image

from tests.keypoints.chat_server import serving
from vlmrl.errors import Abstained, ConfigError
from vlmrl.keypoints.endpoint import KEY, Chat, Unanswered, endpoint_of

PICTURE = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv(KEY, raising=False)


def chat(url, waits=None, **settings):
    waits = [] if waits is None else waits
    return Chat(endpoint_of({"base_url": url, "model": "toy", "timeout": 5, **settings}), waits.append)


def test_a_question_holds_model_words_and_picture():
    with serving("yes") as (url, says):
        assert chat(url, temperature=0.2)("Where?", PICTURE) == "yes"
    (question,) = says.asked
    assert (question["model"], question["temperature"]) == ("toy", 0.2)
    text, picture = question["messages"][0]["content"]
    assert text == {"type": "text", "text": "Where?"}
    kind, _, coded = picture["image_url"]["url"].partition(",")
    assert kind == "data:image/png;base64"
    np.testing.assert_array_equal(np.array(Image.open(io.BytesIO(base64.b64decode(coded)))), PICTURE)
    assert "Authorization" not in says.headers[0]


def test_the_key_comes_from_the_environment_and_goes_nowhere_else(monkeypatch, capsys, caplog):
    monkeypatch.setenv(KEY, "sesame")
    with serving("yes") as (url, says):
        one = chat(url)
        one("Where?", PICTURE)
        assert says.headers[0]["Authorization"] == "Bearer sesame"
    with serving(401) as (url, _), pytest.raises(ConfigError, match=rf"status 401; put its key .* {KEY}") as fault:
        chat(url)("Where?", PICTURE)
    told = "".join([*capsys.readouterr(), caplog.text, str(fault.value), repr(one), repr(vars(one)), str(one.endpoint)])
    assert "sesame" not in told


def test_a_redirection_is_not_followed_with_the_key(monkeypatch):
    monkeypatch.setenv(KEY, "sesame")
    with serving(307) as (url, says), pytest.raises(ConfigError, match="it sends elsewhere"):
        chat(url)("Where?", PICTURE)
    assert len(says.asked) == 1


def test_what_is_busy_is_asked_again_after_longer_and_longer():
    waits: list[float] = []
    with serving(503, 429, b"not json", "yes") as (url, says):
        assert chat(url, waits)("Where?", PICTURE) == "yes"
    assert len(says.asked) == 4
    assert waits == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    "reply", [500, 0.6, b"", b"[]", b'{"choices": []}', b'{"choices":[{"message":{"content":7}}]}']
)
def test_no_answer_is_an_abstention_that_says_why(reply):
    with serving(reply) as (url, says):
        with pytest.raises(
            Unanswered, match=r"base_url=http://127.*gave no answer in 2 tries \(.+\); start the endpoint"
        ):
            chat(url, retries=1, timeout=0.3)("Where?", PICTURE)
        assert len(says.asked) == 2


def test_an_endpoint_that_is_down_is_an_abstention():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Abstained, match="gave no answer in 1 tries"):
        chat(f"http://127.0.0.1:{port}/v1", retries=0)("Where?", PICTURE)


def test_a_model_that_is_not_there_is_an_error_at_once():
    with serving(404) as (url, says), pytest.raises(ConfigError, match="it has a model toy"):
        chat(url)("Where?", PICTURE)
    assert len(says.asked) == 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (None, r"reward\.endpoint\.base_url: is missing; give reward\.endpoint\.base_url=http"),
        ({"base_url": "http://127.0.0.1:1/v1"}, r"reward\.endpoint\.model: is missing"),
        ({"base_url": "http://example.org/v1", "model": "a"}, "must be https"),
        ({"base_url": "ftp://127.0.0.1/v1", "model": "a"}, "must be https"),
        ({"base_url": "https://user:sesame@example.org/v1", "model": "a"}, "a key belongs into VLMRL_API_KEY"),
        ({"base_url": "https://example.org/v1", "model": "a", "timeout": 0}, r"reward\.endpoint\.timeout"),
        ({"base_url": "https://example.org/v1", "model": "a", "sample": 3}, r"reward\.endpoint\.sample"),
        ({"base_url": "https://[::1/v1", "model": "a"}, "is no address"),
    ],
)
def test_settings_that_are_no_endpoint_are_refused(settings, said):
    with pytest.raises(ConfigError, match=said) as fault:
        endpoint_of(settings)
    assert "sesame" not in str(fault.value)
