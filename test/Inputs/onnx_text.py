#!/usr/bin/env python3
"""Write an ONNX model from ONNX's textual form.

usage: onnx_text.py IN.onnxtxt OUT.onnx [--no-check] [--external FILE]

The input's lines that start with // are comments (lit's RUN and CHECK lines).
--no-check   write a model that violates ONNX's rules, for negative tests
--external   store initializers in FILE beside the model (external data)

Example of the textual form:

  <ir_version: 8, opset_import: ["" : 17]>
  small (float[N, 4] x) => (float[N, 4] y)
    <float[4] bias = {1.0, 2.0, 3.0, 4.0}> {
    y = Add (x, bias)
  }
"""
import argparse
import os

import onnx
import onnx.checker
import onnx.external_data_helper
import onnx.parser


def main() -> None:
    parser = argparse.ArgumentParser(description="ONNX text to a model file")
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--no-check", action="store_true")
    parser.add_argument("--external", metavar="FILE")
    args = parser.parse_args()

    with open(args.input, encoding="utf-8") as file:
        text = "".join(l for l in file if not l.lstrip().startswith("//"))
    model = onnx.parser.parse_model(text)
    if not args.no_check:
        onnx.checker.check_model(model)
    if args.external:
        onnx.external_data_helper.convert_model_to_external_data(
            model, location=os.path.basename(args.external), size_threshold=0
        )
    onnx.save(model, args.output)


if __name__ == "__main__":
    main()
