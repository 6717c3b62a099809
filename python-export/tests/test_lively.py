from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import vectors
from keras import layers

from graft_export import applications, golden, lively
from graft_export.applications import Request


def gradients(model: Any, inputs: Any) -> list[Any]:
    seed = np.random.default_rng(3).normal(size=model(inputs).shape)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(model(inputs, training=False) * tf.constant(seed, tf.float32))
    return [
        gradient.numpy()
        for gradient in tape.gradient(total, [one.value for one in model.trainable_weights])
    ]


@pytest.mark.parametrize(("name", "size"), [("vgg16", 150), ("resnet50", 224)])
def test_a_deep_backbone_answers_and_learns(name: str, size: int) -> None:
    source = applications.build(Request(name, weights="none", input_size=(size, size)))
    assert source.preparation is not None
    inputs = golden.prepared_images(source.preparation)
    features = source.model(inputs, training=False).numpy()
    assert 0.3 < features.std() < 3
    between_images = np.corrcoef(features.reshape(len(features), -1))
    assert between_images[0, 1] < 0.9
    norms = np.array([np.linalg.norm(one) for one in gradients(source.model, inputs)])
    assert norms.min() > 1
    assert norms.max() / norms.min() < 1e6


def test_every_weight_is_moved_off_its_resting_value(small_model: Any) -> None:
    resting = [weight.numpy() for weight in small_model.weights]
    lively.enliven(small_model, 1, vectors(small_model))
    for weight, before in zip(small_model.weights, resting, strict=True):
        assert np.all(weight.numpy() != before), weight.path


def test_batch_norm_has_the_statistics_of_what_reaches_it(small_model: Any) -> None:
    inputs = vectors(small_model, count=16)
    lively.enliven(small_model, 1, inputs)
    before = keras.Model(small_model.inputs, small_model.get_layer("stem_conv").output)
    values = before(inputs).numpy()
    norm = small_model.get_layer("stem_bn")
    np.testing.assert_allclose(norm.moving_mean.numpy(), values.mean(axis=(0, 1, 2)), atol=0.5)
    ratio = norm.moving_variance.numpy() / values.var(axis=(0, 1, 2))
    assert np.all((ratio > 0.5) & (ratio < 2))


def test_a_seed_gives_the_same_weights_and_another_gives_others(small_model: Any) -> None:
    def weights(seed: int) -> list[Any]:
        lively.enliven(small_model, seed, vectors(small_model))
        return [weight.numpy() for weight in small_model.weights]

    first, again, other = weights(1), weights(1), weights(2)
    for one, same, different in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one, same)
        assert np.any(one != different)


def test_a_shared_layer_and_a_nested_model_are_calibrated_once() -> None:
    shared = layers.Dense(16, name="shared")
    inner = keras.Sequential([keras.Input((16,)), layers.Dense(16, name="inner")], name="nested")
    inputs = keras.Input((16,))
    model = keras.Model(inputs, inner(layers.ReLU()(shared(shared(inputs)))))
    samples = vectors(model, count=64)
    lively.enliven(model, 1, samples)
    first = keras.Model(inputs, shared.output if not shared._inbound_nodes[1:] else shared(inputs))
    assert first(samples[0]).numpy().std() == pytest.approx(1, abs=0.1)
    assert model(samples[0]).numpy().std() == pytest.approx(1, abs=0.1)


def test_integers_are_left_alone() -> None:
    inputs = keras.Input((3,))
    normalization = layers.Normalization(name="statistics")
    model = keras.Model(inputs, normalization(inputs))
    lively.enliven(model, 1, vectors(model))
    assert normalization.count.numpy() == 0
    assert np.all(normalization.adapt_mean.numpy() != 0)
