package dev.graft.cli;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/**
 * Turns the first Ctrl-C into a question whether to stop, and the second into the end of the
 * process. Until it is closed; one at a time.
 *
 * <p>{@code sun.misc.Signal} is named in words, since javac warns of it. Where a Java machine has
 * none, Ctrl-C ends the process as always.
 */
final class Interruption implements AutoCloseable {
  private static final int INTERRUPTED = 130;

  private final Console console;
  private Object before;
  private volatile boolean asked;

  private Interruption(Console console) {
    this.console = console;
  }

  /** Watches from now on. */
  static Interruption watch(Console console) {
    Interruption interruption = new Interruption(console);
    interruption.before = interruption.handle(interruption.handler());
    return interruption;
  }

  /** Whether Ctrl-C was pressed. */
  boolean isAsked() {
    return asked;
  }

  private Object handler() {
    InvocationHandler invoked =
        (proxy, method, arguments) -> {
          switch (method.getName()) {
            case "handle" -> interrupted();
            case "hashCode" -> {
              return System.identityHashCode(proxy);
            }
            case "equals" -> {
              return proxy == arguments[0];
            }
            default -> {
              return "Interruption";
            }
          }
          return null;
        };
    try {
      Class<?> type = Class.forName("sun.misc.SignalHandler");
      return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, invoked);
    } catch (ClassNotFoundException e) {
      return null;
    }
  }

  private void interrupted() {
    if (asked) {
      Runtime.getRuntime().halt(INTERRUPTED);
    }
    asked = true;
    console.warn(
        "Stopping after this step, to evaluate and export what was learnt; Ctrl-C again ends at once.");
  }

  /** Installs a handler and returns the one before; null where that is not possible. */
  private Object handle(Object handler) {
    if (handler == null) {
      return null;
    }
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> type = Class.forName("sun.misc.SignalHandler");
      Object interrupt = signal.getConstructor(String.class).newInstance("INT");
      return signal.getMethod("handle", signal, type).invoke(null, interrupt, handler);
    } catch (ReflectiveOperationException e) {
      return null;
    }
  }

  @Override
  public void close() {
    handle(before);
  }
}
