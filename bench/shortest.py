"""The shortest program that predicts one image: ``shortest.py MODEL IMAGE``."""

import sys

import tensorflow as tf

model = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
(key,) = model.structured_input_signature[1]
image = tf.io.decode_jpeg(tf.io.read_file(sys.argv[2]), channels=3)
prepared = (tf.image.resize(image, (224, 224)) - 127.0) / 128.0
answer = model(**{key: prepared[None]})["probabilities"][0]
print(int(tf.argmax(answer)), float(tf.reduce_max(answer)))
