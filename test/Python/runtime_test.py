"""Tests of slim.runtime on test/Inputs/fake_model.c.

usage: runtime_test.py FAKE_MODEL.so
"""
import os
import sys
import tempfile
import unittest

import ml_dtypes
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../python"))
import slim

LIBRARY = os.path.abspath(sys.argv.pop(1))


class RuntimeTest(unittest.TestCase):
    def setUp(self):
        self.model = slim.Model(LIBRARY)

    def tearDown(self):
        self.model.close()

    def feed(self, batch=2, seq=3):
        return {
            "input_ids": np.arange(batch * seq).reshape(batch, seq),
            "attention_mask": np.ones((batch, seq), np.int64),
            "scale": np.arange(4, dtype=np.float32),
        }

    def error(self, *args, **kwargs) -> str:
        with self.assertRaises(slim.ModelError) as context:
            self.model.run(*args, **kwargs)
        return str(context.exception)

    def test_description(self):
        model = self.model
        self.assertEqual([e.name for e in model.entries],
                         ["main", "append", "types", "act", "pick"])
        self.assertEqual(model.producer, "slim test")
        self.assertEqual(model.target_cpu, "fakecpu")
        self.assertEqual(model.weight_bytes, 1234)
        self.assertEqual(model.report, {"passes": []})
        ids = model.inputs[0]
        self.assertEqual(ids.name, "input_ids")
        self.assertEqual(ids.dtype, np.int64)
        self.assertEqual(ids.shape, (None, None))
        self.assertEqual(ids.dim_names, ("batch", "seq"))
        self.assertEqual(model.outputs[1].shape, (4,))
        self.assertEqual(model.outputs[1].dim_names, (None,))
        self.assertEqual(model.entries[3].inputs[0].shape, ())

    def test_bound_inputs_are_read_by_every_run(self):
        feed = self.feed()
        bound = self.model.bind(feed)
        np.testing.assert_array_equal(bound()["sum/out:0"], feed["input_ids"] + 1)
        feed["input_ids"][:] = 7
        bound.execute()
        again = bound(copy=False)["sum/out:0"]
        np.testing.assert_array_equal(again, feed["input_ids"] + 1)
        with self.assertRaisesRegex(slim.ModelError, "is missing"):
            self.model.bind({})

    def test_run_by_name_and_by_position(self):
        feed = self.feed()
        for inputs in (feed, list(feed.values())):
            out = self.model.run(inputs)
            self.assertEqual(list(out), ["sum/out:0", "mean"])
            np.testing.assert_array_equal(out["sum/out:0"], feed["input_ids"] + 1)
            np.testing.assert_array_equal(out["mean"], feed["scale"] / 2)

    def test_results_outlive_the_next_run_unless_they_are_views(self):
        first = self.model.run(self.feed(), copy=True)["mean"]
        self.model.run({**self.feed(), "scale": np.ones(4, np.float32)})
        np.testing.assert_array_equal(first, np.arange(4) / 2)
        view = self.model.run(self.feed(), copy=False)["mean"]
        self.assertFalse(view.flags.owndata)

    def test_inputs_that_are_not_contiguous(self):
        feed = self.feed()
        feed["input_ids"] = np.arange(6).reshape(3, 2).T
        out = self.model.run(feed)["sum/out:0"]
        np.testing.assert_array_equal(out, feed["input_ids"] + 1)

    def test_every_type(self):
        names = ["float32", "float64", "float16", ml_dtypes.bfloat16, "int8",
                 "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
                 "bool", ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2]
        inputs = [np.arange(6).reshape(2, 3).astype(name) for name in names]
        outputs = self.model.run(inputs, entry="types")
        for given, info in zip(inputs, self.model.entries[2].outputs):
            self.assertEqual(outputs[info.name].dtype, given.dtype)
            self.assertEqual(outputs[info.name].tobytes(), given.tobytes())

    def test_empty_tensors_and_feedback(self):
        cache = np.zeros(0, np.float32)
        for _ in range(3):
            cache = self.model.run([cache], entry="append", copy=False)["cache"]
        np.testing.assert_array_equal(cache, [0, 1, 2])

    def test_scalar(self):
        out = self.model.run([np.array(6, np.int32)], entry=3)["result"]
        self.assertEqual(out.shape, ())

    def test_wrong_inputs(self):
        feed = self.feed()
        self.assertIn("'scale' is missing", self.error({**dict(list(feed.items())[:2])}))
        self.assertIn("no input 'x'", self.error({**feed, "x": feed["scale"]}))
        self.assertIn("2 inputs given, 3 needed", self.error(list(feed.values())[:2]))
        self.assertIn("no entry point 'f'", self.error(feed, entry="f"))
        self.assertIn("5 entry points", self.error(feed, entry=5))
        self.assertIn("scale", self.error({**feed, "scale": np.zeros(4)}))
        self.assertIn("scale", self.error({**feed, "scale": np.zeros(5, np.float32)}))
        self.assertIn("batch", self.error({**feed, "attention_mask": np.ones((1, 3), int)}))
        self.assertIn("16 dimensions",
                      self.error({**feed, "scale": np.zeros((1,) * 17, np.float32)}))
        self.assertIn("complex64",
                      self.error({**feed, "scale": np.zeros(4, np.complex64)}))

    def test_failure_of_the_model(self):
        text = self.error([np.array(1, np.int32)], entry="act")
        self.assertEqual(text, "Gather node 'g1': index is out of range")
        self.model.run(self.feed())

    def test_files_that_are_no_models(self):
        with tempfile.NamedTemporaryFile(suffix=".so") as file:
            file.write(b"not a library")
            file.flush()
            for path in (file.name, file.name + ".absent"):
                with self.assertRaises(slim.ModelError) as context:
                    slim.Model(path)
                self.assertIn("is no compiled model", str(context.exception))


if __name__ == "__main__":
    unittest.main()
