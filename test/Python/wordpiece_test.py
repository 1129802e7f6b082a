"""Tests of the demo's tokenizer on a vocabulary of a few words."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../scripts"))
from wordpiece import WordPiece

PIECES = "[PAD] [UNK] [CLS] [SEP] run ##ning ##n cafe ! un ##able 漢 字".split()


class WordPieceTest(unittest.TestCase):
    def setUp(self):
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write("\n".join(PIECES) + "\n")
            file.flush()
            self.tokenizer = WordPiece(file.name)

    def pieces(self, text: str) -> str:
        return " ".join(PIECES[i] for i in self.tokenizer.encode(text)[1:-1])

    def test_longest_piece_first(self):
        self.assertEqual(self.pieces("running unable"), "run ##ning un ##able")

    def test_case_accents_punctuation_ideographs(self):
        self.assertEqual(self.pieces("CAFÉ!run"), "cafe ! run")
        self.assertEqual(self.pieces("漢字"), "漢 字")

    def test_unknown(self):
        self.assertEqual(self.pieces("runs " + "run" * 40), "[UNK] [UNK]")
        self.assertEqual(self.pieces(" \t\n"), "")

    def test_batch(self):
        batch = self.tokenizer.batch(["run", "running !"])
        self.assertEqual(batch["input_ids"].tolist(),
                         [[2, 4, 3, 0, 0], [2, 4, 5, 8, 3]])
        self.assertEqual(batch["attention_mask"].sum(), 8)
        cut = self.tokenizer.batch(["running running"], 3)["input_ids"]
        self.assertEqual(cut.tolist(), [[2, 4, 3]])


if __name__ == "__main__":
    unittest.main()
