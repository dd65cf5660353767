"""One vocabulary in two forms, read alike by stock open_clip."""

import gzip

import pytest
from open_clip.tokenizer import HFTokenizer, SimpleTokenizer

from vlmrl.sim_clip import vocabulary

WORDS = ["the", "pole", "cart", "upright", "standing", "is", "on", "left", "right", "robot"]
SENTENCES = [
    "the pole is standing upright on the cart",
    "a robot's arm",
    "the cart is at the left end, and the pole is down",
]
TRIED = [
    *SENTENCES,
    "  THE   Pole\tis up! ",
    "3.5 m to the right (now)",
    "don't fall -- over; we're near",
    "unseen zebra xylophones",
    "a" * 30,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("vocabulary")
    vocabulary.write(path, vocabulary.learn_merges(WORDS, SENTENCES, 700))
    return path


def test_both_forms_give_equal_ids(folder):
    bpe = SimpleTokenizer(bpe_path=str(folder / "bpe.txt.gz"), context_length=40)
    hugging_face = HFTokenizer(str(folder), context_length=40)
    assert bpe(TRIED).tolist() == hugging_face(TRIED).tolist()


def test_ids_fill_the_vocabulary_and_the_end_mark_is_the_highest(folder):
    bpe = SimpleTokenizer(bpe_path=str(folder / "bpe.txt.gz"), context_length=40)
    assert bpe.vocab_size == len(vocabulary.entries(_merges(folder)))
    assert bpe.eot_token_id == bpe.vocab_size - 1
    assert len(set(vocabulary.entries(_merges(folder)))) == bpe.vocab_size


def test_a_frequent_word_is_one_token(folder):
    bpe = SimpleTokenizer(bpe_path=str(folder / "bpe.txt.gz"), context_length=40)
    assert len(bpe.encode("pole")) == 1


def test_equal_merges_give_equal_bytes(folder, tmp_path):
    vocabulary.write(tmp_path, _merges(folder))
    for name in ("bpe.txt.gz", "tokenizer.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def _merges(folder):
    lines = gzip.decompress((folder / "bpe.txt.gz").read_bytes()).decode().split("\n")[1:]
    return [tuple(line.split()) for line in lines]
