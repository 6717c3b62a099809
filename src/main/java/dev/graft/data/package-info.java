/**
 * What a model is trained on: labelled images from folders and lists, splits and orders identical
 * to Keras's, and the {@link dev.graft.data.Preparation} that says how an image becomes numbers.
 * Plain Java without TensorFlow.
 */
package dev.graft.data;
