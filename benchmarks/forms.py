"""What takes part in a comparison: one line per engine and number format.

A form is added by adding a line. Forms of one precision are compared with each
other; every form's outputs are compared with the first of FORMS.
"""
from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Form:
    label: str  # the column of the tables
    engine: str  # a key of engines.ENGINES
    precision: str  # of the weights and, without "w", of the products
    source: str = "plain"  # a key of artifacts.SOURCES: what the engine loads
    flags: tuple = ()  # of the engine's compiler
    options: dict = dataclasses.field(default_factory=dict)  # of the engine
    kinds: tuple = ("text", "image", "audio", "matmul")  # of cases it suits


# ONNX Runtime's dynamic quantization has no fast convolution.
PRODUCTS = ("text", "matmul")
F32 = {"precision": "f32"}  # OpenVINO chooses bf16 by itself where it can
BF16 = {"precision": "bf16"}
INTEGER = ("--compress=slim-form-integer-ops",)


def weights(number_format: str, *options: str) -> tuple:
    """slimc's flag for a number format of weights alone."""
    return (f"--compress=quantize{{{' '.join([f'format={number_format}', *options])}}}",)


# Activations are quantized by row while the model runs, as ONNX Runtime does for
# its products of 4- and 8-bit weights.
ROUNDED = "activations=dynamic"
DYNAMIC = ("--compress=quantize-int8{activations=dynamic}",)
MIXED = (DYNAMIC[0] + ",cast-products",)
G128, G32 = "group-size=128", "group-size=32"

FORMS = (
    Form("ort", "onnxruntime", "fp32"),
    Form("ov", "openvino", "fp32", options=F32),
    Form("iree", "iree", "fp32"),
    Form("iree-tiled", "iree", "fp32", flags=("--iree-opt-data-tiling",)),
    Form("slim", "slim", "fp32"),
    Form("ov-bf16", "openvino", "bf16", options=BF16),
    Form("slim-bf16", "slim", "bf16", flags=("--compress=cast-products",)),
    Form("ort-qdq", "onnxruntime", "int8", source="qdq"),
    Form("ort-dyn", "onnxruntime", "int8", source="dynamic", kinds=PRODUCTS),
    Form("ov-int8", "openvino", "int8", source="nncf", options=F32),
    Form("slim-qdq", "slim", "int8", source="qdq", flags=INTEGER),
    Form("slim-dyn", "slim", "int8", source="dynamic", flags=INTEGER, kinds=PRODUCTS),
    Form("slim-int8", "slim", "int8", flags=DYNAMIC, kinds=PRODUCTS),
    # Attention, which has no weights to quantize, in bf16.
    Form("slim-int8-bf16", "slim", "int8", flags=MIXED, kinds=PRODUCTS),
    Form("ort-w8", "onnxruntime", "w8", source="nbits8", kinds=PRODUCTS),
    Form("ov-w8", "openvino", "w8", source="nncf-w8", options=F32, kinds=PRODUCTS),
    Form("slim-w8", "slim", "w8", flags=("--compress=quantize-int8",)),
    Form("slim-w8a8", "slim", "w8", flags=DYNAMIC, kinds=PRODUCTS),
    Form("ort-w4", "onnxruntime", "w4", source="nbits4", kinds=PRODUCTS),
    Form("ov-w4", "openvino", "w4", source="nncf-w4", options=F32, kinds=PRODUCTS),
    Form("slim-w4", "slim", "w4", flags=weights("int4", G128), kinds=PRODUCTS),
    Form(
        "slim-w4a8", "slim", "w4", flags=weights("int4", G128, ROUNDED), kinds=PRODUCTS
    ),
    Form("ort-w4g32", "onnxruntime", "w4g32", source="nbits4-g32", kinds=PRODUCTS),
    Form(
        "ov-w4g32",
        "openvino",
        "w4g32",
        source="nncf-w4-g32",
        options=F32,
        kinds=PRODUCTS,
    ),
    Form("slim-w4g32", "slim", "w4g32", flags=weights("int4", G32), kinds=PRODUCTS),
    Form(
        "slim-w4a8g32",
        "slim",
        "w4g32",
        flags=weights("int4", G32, ROUNDED),
        kinds=PRODUCTS,
    ),
)

PRECISIONS = tuple(dict.fromkeys(form.precision for form in FORMS))
REFERENCE = FORMS[0]
