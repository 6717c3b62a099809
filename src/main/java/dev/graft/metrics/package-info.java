/** How good a model is, and how it got there: immutable values in plain Java. */
package dev.graft.metrics;
