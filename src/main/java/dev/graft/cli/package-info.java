/** The command line: one picocli command a verb; failures become sentences and exit codes. */
package dev.graft.cli;
