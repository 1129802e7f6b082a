"""The tokenizer of BERT's uncased models, from their vocabulary.

Text is lower-cased, accents are dropped, punctuation stands alone, and a word
becomes the longest pieces that the vocabulary has, from left to right.
"""
from __future__ import annotations

import unicodedata

import numpy as np

LONGEST_WORD = 100  # characters; a longer one becomes [UNK]


def _is_punctuation(char: str) -> bool:
    ascii_symbol = char.isascii() and char.isprintable() and not char.isalnum()
    return (ascii_symbol and char != " ") or unicodedata.category(char)[0] == "P"


def _words(text: str) -> list:
    text = unicodedata.normalize("NFD", text.lower())
    spaced = []
    for char in text:
        category = unicodedata.category(char)
        if category == "Mn" or (category[0] == "C" and not char.isspace()):
            continue
        # Punctuation and CJK ideographs are words of their own.
        if _is_punctuation(char) or "\u4e00" <= char <= "\u9fff":
            spaced.append(f" {char} ")
        else:
            spaced.append(char)
    return "".join(spaced).split()


class WordPiece:
    def __init__(self, vocabulary: str):
        """`vocabulary` is a file with a piece per line; its line is its id."""
        with open(vocabulary, encoding="utf-8") as file:
            pieces = [line.rstrip("\n") for line in file]
        self.ids = {piece: number for number, piece in enumerate(pieces)}

    def _pieces(self, word: str) -> list:
        unknown = [self.ids["[UNK]"]]
        if len(word) > LONGEST_WORD:
            return unknown
        result, start = [], 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(len(word), start, -1):
                number = self.ids.get(prefix + word[start:end])
                if number is not None:
                    break
            else:
                return unknown
            result.append(number)
            start = end
        return result

    def encode(self, text: str) -> list:
        """Token ids with [CLS] and [SEP] around them."""
        ids = [piece for word in _words(text) for piece in self._pieces(word)]
        return [self.ids["[CLS]"], *ids, self.ids["[SEP]"]]

    def batch(self, texts: list, length: int = 0) -> dict:
        """input_ids and attention_mask, padded (and cut) to `length`, or to the
        longest text when that is 0."""
        rows = [self.encode(text) for text in texts]
        length = length or max(map(len, rows))
        ids = np.zeros((len(rows), length), np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(rows):
            if len(tokens) > length:
                tokens = tokens[: length - 1] + tokens[-1:]
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        return {"input_ids": ids, "attention_mask": mask}
