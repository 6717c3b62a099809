package dev.graft.cli;

/**
 * Where progress is shown.
 *
 * @param columns the terminal's width in characters; 0 when it is no terminal but a file or a pipe
 */
record Terminal(int columns) {
  static final Terminal NONE = new Terminal(0);

  private static final int USUAL_COLUMNS = 80;

  /**
   * Java cannot ask about standard error alone, so the launcher does and hands on the answer.
   * Windows cannot either; there the old console stands in for it, which is null when input or
   * output is redirected.
   */
  static Terminal ofStandardError() {
    boolean oldConsole = "java.base".equals(System.getProperty("jdk.console"));
    int columns = oldConsole && System.console() != null ? USUAL_COLUMNS : 0;
    return new Terminal(Integer.getInteger("graft.terminal.columns", columns));
  }

  boolean isThere() {
    return columns > 0;
  }
}
