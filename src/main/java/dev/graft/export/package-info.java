/** A trained model as a SavedModel with a handoff, reloaded and compared before it counts. */
package dev.graft.export;
