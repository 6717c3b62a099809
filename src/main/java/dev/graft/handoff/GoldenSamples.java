package dev.graft.handoff;

import dev.graft.data.NpyArray;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Golden samples, read.
 *
 * @param images as many files as samples, or none
 * @param prepared the model's input, {@code [samples, …]}: {@code [samples, height, width,
 *     channels]} for images
 * @param outputs by alias, what the model answered to it, {@code [samples, …]}
 * @param tolerance the largest allowed difference, relative to the largest magnitude of the
 *     expected output
 */
public record GoldenSamples(
    List<Path> images,
    NpyArray<float[]> prepared,
    Map<String, NpyArray<float[]>> outputs,
    double tolerance) {}
