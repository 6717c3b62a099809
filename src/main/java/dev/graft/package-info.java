/** Graft: transfer learning for Keras models on the JVM. */
package dev.graft;
