/** Optimizers and the training loop, and the whole job from a folder of images to an export. */
package dev.graft.train;
