/** Java arrays into native tensors and back; who owns and closes them. */
package dev.graft.tensor;
