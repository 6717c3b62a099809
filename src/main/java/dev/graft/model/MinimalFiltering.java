package dev.graft.model;

/**
 * Winograd's minimal filtering F(m×m, 3×3): m×m outputs of a 3×3 convolution from (m+2)×(m+2)
 * inputs with (m+2)² multiplications instead of 9·m². Inputs {@code d} and kernel {@code k} are
 * transformed, multiplied element by element, and the products transformed back: {@code output ·
 * ((kernel · k) ⊙ (input · d))}, along each axis.
 *
 * <p>The matrices follow from polynomials that are evaluated at some points and at infinity (S.
 * Winograd, Arithmetic Complexity of Computations, 1980; A. Lavin and S. Gray, Fast Algorithms for
 * Convolutional Neural Networks, 2015). The points decide how much is lost by rounding: with 0,
 * ±3/4, ±3/2 it is a quarter of what it is with the usual 0, ±1, ±2.
 *
 * @param outputs along an axis, m: 2, 3 or 4
 */
record MinimalFiltering(int outputs) {
  static final int KERNEL = 3;

  /** Checks that there are points for it. */
  MinimalFiltering {
    if (outputs < 2 || outputs > 4) {
      throw new IllegalArgumentException("Expected 2, 3 or 4 outputs but got " + outputs + ".");
    }
  }

  /** Inputs along an axis, m + 2. */
  int inputs() {
    return outputs + KERNEL - 1;
  }

  private double[] points() {
    return switch (outputs) {
      case 2 -> new double[] {0, 1, -1};
      case 3 -> new double[] {0, 1, -1, 0.5};
      default -> new double[] {0, 0.75, -0.75, 1.5, -1.5};
    };
  }

  /** {@code [inputs, inputs]}. */
  double[][] ofInput() {
    double[] points = points();
    double[][] matrix = new double[inputs()][];
    for (int row = 0; row < points.length; row++) {
      matrix[row] = polynomial(points, row);
    }
    matrix[points.length] = polynomial(points, -1);
    return matrix;
  }

  /** {@code [inputs, 3]}. */
  double[][] ofKernel() {
    double[] points = points();
    double[][] matrix = new double[inputs()][KERNEL];
    for (int row = 0; row < points.length; row++) {
      for (int power = 0; power < KERNEL; power++) {
        matrix[row][power] = Math.pow(points[row], power) / distances(points, row);
      }
    }
    matrix[points.length][KERNEL - 1] = 1;
    return matrix;
  }

  /** {@code [outputs, inputs]}. */
  double[][] ofOutput() {
    double[] points = points();
    double[][] matrix = new double[outputs][inputs()];
    for (int row = 0; row < outputs; row++) {
      for (int column = 0; column < points.length; column++) {
        matrix[row][column] = Math.pow(points[column], row);
      }
    }
    matrix[outputs - 1][points.length] = 1;
    return matrix;
  }

  /** A transform of both axes as one matrix: the Kronecker product with itself. */
  static double[][] ofBothAxes(double[][] matrix) {
    int rows = matrix.length;
    int columns = matrix[0].length;
    double[][] both = new double[rows * rows][columns * columns];
    for (int row = 0; row < both.length; row++) {
      for (int column = 0; column < both[row].length; column++) {
        both[row][column] =
            matrix[row / rows][column / columns] * matrix[row % rows][column % columns];
      }
    }
    return both;
  }

  /** Coefficients of the product of (x - point), from the lowest power, without one point. */
  private double[] polynomial(double[] points, int without) {
    double[] coefficients = new double[inputs()];
    coefficients[0] = 1;
    for (int i = 0; i < points.length; i++) {
      if (i != without) {
        for (int power = coefficients.length - 1; power >= 0; power--) {
          double lower = power == 0 ? 0 : coefficients[power - 1];
          coefficients[power] = lower - points[i] * coefficients[power];
        }
      }
    }
    return coefficients;
  }

  private static double distances(double[] points, int from) {
    double product = 1;
    for (int i = 0; i < points.length; i++) {
      product *= i == from ? 1 : points[from] - points[i];
    }
    return product;
  }
}
