package dev.graft.spark;

import dev.graft.tensor.Arithmetic;
import org.apache.spark.SparkConf;

/** What has to be said to TensorFlow before this process first uses it. */
final class NativeSettings {
  /** JavaCPP refuses memory beyond four heaps, but a model's memory is not the heap's. */
  private static final String MEMORY = "org.bytedeco.javacpp.maxPhysicalBytes";

  private NativeSettings() {}

  /** Without effect on what the process's own options set, and once TensorFlow is in use. */
  static void apply(SparkConf conf) {
    if (System.getProperty(MEMORY) == null) {
      System.setProperty(MEMORY, "0");
    }
    if (System.getProperty(Arithmetic.THREADS) == null && conf.contains("spark.executor.cores")) {
      System.setProperty(Arithmetic.THREADS, conf.get("spark.executor.cores"));
    }
  }
}
