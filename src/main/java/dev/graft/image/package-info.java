/**
 * From the bytes of an image to the numbers that a model takes, with the very TensorFlow ops that
 * Keras runs, so that pixels are equal to the last bit.
 */
package dev.graft.image;
