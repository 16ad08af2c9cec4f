"""Repeated passages: paragraphs, lines, sentences, spans of sentences and long runs of tokens that stood before."""
