"""Readers of cards, tags, codes and PINs: a folder for each model."""
