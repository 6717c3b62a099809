/**
 * What the trunk makes of images, kept on disk by content: an image that went through the same
 * trunk before is not sent through it again. Knows no TensorFlow.
 */
package dev.graft.features;
