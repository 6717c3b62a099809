package dev.graft.savedmodel;

/**
 * What a SavedModel says about one variable.
 *
 * @param name what Keras calls it, not always unique
 * @param key its key in the checkpoint
 * @param trainable as Keras had it
 */
record StoredVariable(String name, String key, boolean trainable) {}
