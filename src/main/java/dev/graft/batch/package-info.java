/** Jobs over any number of images: predictions or features to files, interrupted and resumed. */
package dev.graft.batch;
