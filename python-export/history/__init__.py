"""What Keras's ``fit`` makes of the recipes, epoch by epoch, for Java to do the same.

Java reads it and compares (``dev.graft.parity.History*``); see ``docs/history-parity.md``.
"""
