"""Makes what lies in ``testdata/``, for the tests of both languages; not part of the package."""
