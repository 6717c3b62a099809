/** Prediction and features on a Spark cluster. The only package that names Spark. */
package dev.graft.spark;
