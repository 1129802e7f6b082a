"""Tests of what benchmarks/ computes from its measurements, and of its table of
forms, without the peers."""
import os
import sys
import unittest

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../benchmarks"))
import artifacts
import engines
import fidelity
import forms
import report


def contestant(label, engine, precision, rounds):
    return {
        "label": label,
        "engine": engine,
        "precision": precision,
        "rounds_ms": rounds,
        "median_ms": float(np.median(rounds)),
        "peak_mb": 100.0,
        "compile": {"wall_s": 1.5, "cpu_s": 2.5} if engine == "slim" else None,
    }


def result():
    """A product of 2 * 10^9 operations."""
    found = {
        "case": "matmul",
        "shape": {"m": 1000, "k": 1000, "n": 1000},
        "threads": 1,
        "operations": 2 * 10**9,
        "machine": {"read": 20.0, "fp32": 500.0, "bf16": 0.0, "int8": 2000.0},
        "contestants": [
            contestant("ort", "onnxruntime", "fp32", [9.0, 10.0, 11.0]),
            contestant("ov", "openvino", "fp32", [8.0, 8.0, 16.0]),
            contestant("slim", "slim", "fp32", [4.0, 5.0, 8.0]),
            contestant("slim-other", "slim", "fp32", [6.0, 6.0, 6.0]),
            contestant("ort-qdq", "onnxruntime", "int8", [2.0, 2.0, 2.0]),
            {"label": "slim-qdq", "engine": "slim", "precision": "int8", "error": "no"},
        ],
    }
    for each in found["contestants"]:
        each["limits"] = report.limits(found, each)
    found["ratios"] = report.ratios(found, ["fp32", "int8"])
    return found


class ReportTest(unittest.TestCase):
    def test_ratio_is_the_fastest_peer_over_the_fastest_form(self):
        (entry,) = result()["ratios"]  # int8 has no form of slim that ran
        self.assertEqual((entry["slim"], entry["peer"]), ("slim", "ov"))
        self.assertAlmostEqual(entry["ratio"], 8 / 5)
        self.assertEqual(entry["quartiles"], [1.8, 2.0])
        self.assertAlmostEqual(entry["engines"]["onnxruntime"]["ratio"], 2)

    def test_one_thread_beside_several(self):
        found = result()
        found["threads"] = 2
        fast = contestant("slim" + report.ALONE, "slim", "fp32", [1.0, 1.0, 1.0])
        found["contestants"].append(fast)
        (entry,) = report.ratios(found, ["fp32"])
        self.assertEqual(entry["slim"], "slim")
        facts = {"labels": ["slim"], "threads": [2], "results": [found]}
        facts.update(processor="P", date="D", versions={}, skipped=[])
        self.assertIn("Speed of all threads over that of one\n\n| case | slim |\n"
                      "| --- | ---: |\n| matmul | 0.20 |", report.markdown(facts))

    def test_limits(self):
        shares = result()["contestants"][2]["limits"]
        self.assertAlmostEqual(shares["arithmetic"], 2 / 0.005 / 500)
        self.assertAlmostEqual(shares["read"], 4e6 / 0.005 / 20e9)
        self.assertEqual(report.limits(result(), {"label": "failed"}), {})

    def test_markdown(self):
        text = report.markdown(
            {
                "processor": "P",
                "date": "D",
                "versions": {"onnxruntime": "1"},
                "skipped": ["a: no package holds it"],
                "labels": ["ort", "ov", "slim", "slim-other", "ort-qdq", "slim-qdq"],
                "threads": [1],
                "results": [result()],
            }
        )
        self.assertIn("| matmul fp32 | slim | ov | **1.60** | 1.80 to 2.00 | – |", text)
        self.assertIn("| matmul | 10.00 | 8.00 | 5.00 | 6.00 | 2.00 | failed |", text)
        self.assertIn("| matmul | 200 | 250 | 400 | 333 | 1000 | failed |", text)
        self.assertIn("| matmul | 40 % | 50 % | 80 % | 67 % | 50 % | – |", text)
        self.assertIn("| matmul | 1.50, 2.50 | 1.50, 2.50 | – |", text)
        self.assertIn("- matmul, slim-qdq: no", text)
        self.assertIn("- skipped: a: no package holds it", text)


class FidelityTest(unittest.TestCase):
    def test_worst_output_and_mean_of_runs(self):
        integers, other = np.array([3]), [np.array([[0.0, 4.0]])]
        expected = [[np.array([[1.0, 2.0]]), integers], other]
        actual = [[np.array([[1.0, 1.0]]), integers], other]
        facts = fidelity.compare(actual, expected, classes=True)
        self.assertAlmostEqual(facts["max_error"], 0.5)
        self.assertAlmostEqual(facts["cosine"], (3 / np.sqrt(10) + 1) / 2)
        self.assertAlmostEqual(facts["top1"], 0.5)

    def test_what_cannot_be_compared(self):
        ones = [[np.ones((1, 2))]]
        self.assertIn("mismatch", fidelity.compare([[np.ones((2, 1))]], ones, False))
        nan = [[np.array([[np.nan, 1.0]])]]
        self.assertIn("mismatch", fidelity.compare(nan, ones, False))


class FormsTest(unittest.TestCase):
    def test_table(self):
        labels = [form.label for form in forms.FORMS]
        self.assertEqual(len(labels), len(set(labels)))
        for form in forms.FORMS:
            self.assertIn(form.engine, engines.ENGINES)
            self.assertIn(form.source, artifacts.SOURCES)
            self.assertIn(form.precision, report.BOUNDS)
        self.assertEqual(forms.REFERENCE.label, "ort")


if __name__ == "__main__":
    unittest.main()
