"""Hands Keras models over to Graft as a SavedModel that says how it is to be used."""

import os

__version__ = "0.1.0"

# Both are read once, when TensorFlow and Keras are imported, so they are set before any module of
# this package imports either. A SavedModel can only be written by the TensorFlow backend.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
