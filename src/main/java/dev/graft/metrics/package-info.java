/** How good a classifier is, and how it got there: immutable values in plain Java. */
package dev.graft.metrics;
