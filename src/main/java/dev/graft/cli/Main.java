package dev.graft.cli;

/** The command line. */
public final class Main {
  private Main() {}

  /** Runs. */
  public static void main(String[] args) {
    System.out.println("hello");
  }
}
