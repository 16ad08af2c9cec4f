"""Compiled kernels over text held in Arrow buffers: code points, words, lines, sentences, phrases.

Every kernel works on one document that `decode.decode` has spread into arrays of code points and of their
classes. None allocates per document: callers pass scratch (see `decode.Scratch`).
"""
