/** A training run as one HTML page that needs no network, no script and no display. */
package dev.graft.report;
