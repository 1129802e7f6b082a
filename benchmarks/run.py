#!/usr/bin/env python3
"""slim beside ONNX Runtime, OpenVINO and IREE on this machine.

usage: run.py [--tools BUILD/bin] [--models DIR] [--work DIR] [--only REGEX]
              [--precision P,...] [--forms LABEL,...] [--threads 1,2]
              [--rounds N] [--slice S] [--json FILE] [--markdown FILE]

Installs the peers into an environment of their own and goes on in it. For each
case of cases.py and each number of threads, every form of forms.py that suits
is loaded by a process that is pinned to as many CPUs; then they take turns, one
running while the others are stopped, so that whatever else the machine does
falls on all alike. Quote the ratios: absolute times depend on the hour.

The JSON holds the medians of all rounds, peaks of memory, times of compilation,
differences from ONNX Runtime's fp32 outputs and what the machine reached in the
same rounds (machine.c). --list shows cases and forms.
"""
from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import os
import platform
import re
import shutil
import subprocess
import sys

import peers
import report

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = ("onnxruntime", "openvino", "nncf", "iree-base-compiler")
SAMPLES = 8  # inputs on which outputs are compared
PHOTOGRAPHS = 64


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="slim beside ONNX Runtime, OpenVINO and IREE."
    )
    build = os.path.join(os.path.dirname(HERE), "build")
    parser.add_argument("--tools", default=os.path.join(build, "bin"))
    parser.add_argument("--models", default=os.path.join(build, "models"))
    parser.add_argument("--work", default=os.path.join(build, "benchmark"))
    parser.add_argument("--peers", help="their environment (default: in --work)")
    parser.add_argument("--only", default="", help="regular expression for cases")
    parser.add_argument("--precision", help="such as fp32,int8 (default: all)")
    parser.add_argument("--forms", help="labels of forms (default: all)")
    parser.add_argument("--threads", default="1,2", help="default: 1,2")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--slice", type=float, default=0.2, help="seconds of a turn")
    parser.add_argument("--nice", type=int, default=0, help="priority of the turns")
    parser.add_argument("--dynamic", action="store_true", help="keep open dimensions")
    parser.add_argument("--fresh", action="store_true", help="compile anew")
    parser.add_argument("--no-outputs", action="store_true", help="do not compare them")
    parser.add_argument("--json", help="write the figures")
    parser.add_argument("--markdown", help="write the tables")
    parser.add_argument("--list", action="store_true", help="show cases and forms")
    return parser, parser.parse_args()


def say(text: str) -> None:
    print(f"benchmark: {text}", file=sys.stderr, flush=True)


def processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            for line in info:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def build_probe(work: str) -> str:
    """Compile machine.c."""
    program = os.path.join(work, "machine")
    names = ("clang-22", "clang", "gcc", "cc")
    compiler = next((c for c in names if shutil.which(c)), None)
    if not compiler:
        raise SystemExit(f"benchmark: error: none of {', '.join(names)} is installed")
    command = [compiler, "-O3", "-march=native", "-ffp-contract=fast", "-pthread"]
    command += [os.path.join(HERE, "machine.c"), "-o", program]
    if subprocess.run(command).returncode:
        raise SystemExit("benchmark: error: cannot compile machine.c")
    return program


def versions() -> dict:
    from importlib.metadata import version

    return {package: version(package) for package in PACKAGES}


class Bench:
    """The settings of one call of this script and what is measured with them."""

    def __init__(self, args, forms: list):
        import artifacts

        self.args = args
        self.forms = forms
        self.settings = artifacts.Settings(
            args.tools, args.models, args.work, args.dynamic, args.fresh
        )
        self.probe = build_probe(args.work)
        self.cpus = sorted(os.sched_getaffinity(0))

    def prepare(self, form, case, threads: int) -> tuple:
        """Make the artifact and load it: a contestant's facts and its worker,
        which is None after a failure."""
        import artifacts
        import driver

        facts = {
            "label": form.label,
            "engine": form.engine,
            "precision": form.precision,
        }
        try:
            path, used = artifacts.make_artifact(form, case, threads, self.settings)
            facts["compile"] = used
            facts["artifact_mb"] = os.path.getsize(path) / 1e6
            options = dict(form.options)
            if form.engine == "iree":
                options["inputs"] = artifacts.input_names(case, self.settings)
            job = driver.Job(
                form.engine,
                path,
                artifacts.write_inputs(case, 0, self.settings),
                threads,
                self.cpus[-threads:],
                options,
            )
            log = os.path.join(self.args.work, f"{case.name}-{form.label}.log")
            worker = driver.Worker(job, log)
        except (artifacts.BuildError, driver.WorkerError) as error:
            facts["error"] = str(error)
            say(f"{case.name}, {form.label}: {error}")
            return facts, None
        facts.update(worker.facts)
        return facts, worker

    def outputs(self, case, worker) -> list:
        import artifacts

        count = 1 if case.kind == "matmul" else SAMPLES
        if case.photographs:
            count = PHOTOGRAPHS // case.shape["n"]
        target = os.path.join(self.args.work, "outputs.npz")
        return [
            worker.outputs(artifacts.write_inputs(case, i, self.settings), target)
            for i in range(count)
        ]

    def compare(self, case, contestants: list, workers: dict) -> None:
        import driver
        import fidelity
        from forms import REFERENCE

        if REFERENCE.label not in workers:
            return
        expected = self.outputs(case, workers[REFERENCE.label])
        for facts in contestants:
            label = facts["label"]
            if label in workers and label != REFERENCE.label:
                try:
                    actual = self.outputs(case, workers[label])
                except driver.WorkerError as error:
                    facts["error"] = f"outputs: {error}"
                    workers.pop(label).close()
                    continue
                facts["fidelity"] = fidelity.compare(
                    actual, expected, case.photographs
                )

    def line_up(self, case, threads: int) -> list:
        """Who takes part with how many threads: for several, the forms of slim
        also with one, to see what the others bring."""
        suit = [form for form in self.forms if case.kind in form.kinds]
        found = [(form, threads) for form in suit]
        if threads > 1:
            for form in suit:
                if form.engine == "slim":
                    label = form.label + report.ALONE
                    found.append((dataclasses.replace(form, label=label), 1))
        return found

    def measure(self, case, threads: int) -> dict:
        import driver
        import numpy as np

        contestants, workers = [], {}
        machine = None
        try:
            for form, count in self.line_up(case, threads):
                facts, worker = self.prepare(form, case, count)
                contestants.append(facts)
                if worker:
                    workers[form.label] = worker
            if not self.args.no_outputs:
                self.compare(case, contestants, workers)
            log = os.path.join(self.args.work, "machine.log")
            machine = driver.Machine(self.probe, self.cpus[-threads:], log)
            if self.args.nice:
                for process in [*workers.values(), machine]:
                    process.renice(self.args.nice)
            times, limits = driver.take_turns(
                workers, machine, self.args.rounds, self.args.slice
            )
        finally:
            for process in [*workers.values(), *([machine] if machine else [])]:
                process.close()
        result = {
            "case": case.name,
            "shape": case.shape,
            "threads": threads,
            "operations": case.operations,
            "machine": {k: float(np.median(v)) for k, v in limits.items()},
            "contestants": contestants,
        }
        for facts in contestants:
            if facts["label"] in times:
                facts["rounds_ms"] = times[facts["label"]]
                facts["median_ms"] = float(np.median(facts["rounds_ms"]))
                facts["limits"] = report.limits(result, facts)
        result["ratios"] = report.ratios(result, [f.precision for f in self.unique()])
        return result

    def unique(self) -> list:
        """One form of each precision."""
        return list({form.precision: form for form in self.forms}.values())


def chosen_forms(parser, args) -> list:
    import forms

    labels = [form.label for form in forms.FORMS]
    for text, known, what in (
        (args.forms, labels, "form"),
        (args.precision, forms.PRECISIONS, "precision"),
    ):
        unknown = [n for n in (text.split(",") if text else []) if n not in known]
        if unknown:
            parser.error(f"no {what} {unknown[0]}; there are {', '.join(known)}")
    chosen = [
        form
        for form in forms.FORMS
        if (not args.forms or form.label in args.forms.split(","))
        and (not args.precision or form.precision in args.precision.split(","))
    ]
    if not args.no_outputs and forms.REFERENCE not in chosen:
        chosen.insert(0, forms.REFERENCE)  # what outputs are compared with
    return chosen


def show(case_list, forms_list) -> None:
    for case in case_list:
        shape = ", ".join(f"{k} {v}" for k, v in case.shape.items())
        print(f"{case.name:28}{case.kind:8}{shape}")
    print()
    for form in forms_list:
        print(f"{form.label:12}{form.engine:12}{form.precision:6}{form.source}")


def progress(result: dict) -> None:
    for entry in result["ratios"]:
        say(
            f"{result['case']}, {result['threads']} threads, {entry['precision']}: "
            f"{entry['peer']} over {entry['slim']} {entry['ratio']:.2f}"
        )


def write(path: str, text: str) -> None:
    if path:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + "\n")


def main() -> int:
    parser, args = parse_arguments()
    os.makedirs(args.work, exist_ok=True)
    peers.enter(args.peers or os.path.join(args.work, "peers"))

    import cases

    forms = chosen_forms(parser, args)
    selected = [c for c in cases.CASES if re.search(args.only, c.name)]
    if args.list:
        show(selected, forms)
        return 0
    if args.rounds < 2:
        parser.error("quartiles need two rounds or more")
    threads = [int(count) for count in args.threads.split(",")]
    if max(threads) > len(os.sched_getaffinity(0)):
        parser.error(f"this machine has {len(os.sched_getaffinity(0))} CPUs")

    bench = Bench(args, forms)
    figures = {
        "processor": processor(),
        "date": datetime.date.today().isoformat(),
        "versions": versions(),
        "dynamic": args.dynamic,
        "rounds": args.rounds,
        "slice_s": args.slice,
        "labels": [form.label for form in forms],
        "threads": threads,
        "skipped": [],
        "results": [],
    }
    for count in threads:
        for case in selected:
            try:
                case.source(args.models)
                case.inputs(0)
            except cases.Unavailable as error:
                say(f"{case.name}: skipped, {error}")
                figures["skipped"].append(f"{case.name}: {error}")
                continue
            figures["results"].append(bench.measure(case, count))
            progress(figures["results"][-1])
            # What was measured so far survives an interruption.
            write(args.json, json.dumps(figures, indent=1))
    text = report.markdown(figures)
    write(args.markdown, text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
