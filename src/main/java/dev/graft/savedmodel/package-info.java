/**
 * SavedModel folders: read, check, flatten to one graph, rewrite, write. Knows nothing of training.
 */
package dev.graft.savedmodel;
