/**
 * A backbone, a freeze plan and a head as one model, cut into a trunk that stays and a graft that
 * trains. Owns TensorFlow graphs and sessions.
 */
package dev.graft.model;
