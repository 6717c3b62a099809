"""Makes models in every form that Keras saves, and what Python computes with each of them.

Java reads both and compares (``dev.graft.parity``); see ``docs/parity.md``.
"""
