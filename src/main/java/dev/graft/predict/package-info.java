/** Prediction with a saved model, evaluation, and golden samples recomputed. */
package dev.graft.predict;
