/**
 * The manifest that travels with a model, {@code handoff.json}: how its images are prepared, its
 * layers and labels, what its files hash to, and what it answered where it was made. {@code
 * docs/handoff-format.md} specifies it.
 */
package dev.graft.handoff;
