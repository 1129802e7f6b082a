#!/usr/bin/env python3
"""Run the ONNX backend node tests through slimc and the C interface.

usage: run.py --slimc BUILD/bin/slimc [--filter REGEX] [--jobs N]
              [--markdown FILE] [--json FILE] [--min-passed N]

Every case becomes a library (slimc case.onnx -o case.so), is run in another
process, and its outputs are compared with the expected ones by the rules of
onnx.backend.test.runner: equal shapes and types, the case's tolerances, and,
beyond those rules, equality for integers and booleans. A case has one of these
results:

  passed       as expected
  unsupported  slimc refused, in one diagnostic that names the op or the type
  wrong        other numbers, shapes, types or names
  crash        slimc or the library ended by a signal
  error        slimc failed otherwise, or the library reported an error
  timeout      no end in time

The exit status is 0 when no case has one of the last four results and at least
--min-passed have passed.
"""
from __future__ import annotations

import argparse
import collections
import concurrent.futures
import dataclasses
import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx

import cases
import worker

UNSUPPORTED = re.compile(
    r"error: .*(unsupported|not supported|does not carry)", re.IGNORECASE
)
FAILURES = ("wrong", "crash", "error", "timeout")
# How the suite's own runner treats a type with eight bits of mantissa: a
# relative error of two units in the last place.
BFLOAT16_RTOL = 2.0**-6


@dataclasses.dataclass
class Result:
    name: str
    op: str
    outcome: str
    detail: str = ""
    compile_seconds: float = 0.0


def difference(actual: np.ndarray, expected: np.ndarray, case: cases.Case) -> str:
    """What is wrong with an output; empty when nothing is."""
    if not isinstance(expected, np.ndarray):
        return f"expected a {type(expected).__name__}, got a tensor"
    if actual.shape != expected.shape:
        return f"shape {actual.shape}, expected {expected.shape}"
    if actual.dtype != expected.dtype:
        return f"type {actual.dtype}, expected {expected.dtype}"
    if actual.dtype.kind in "biu":
        count = int(np.sum(actual != expected))
        return f"{count} of {actual.size} values differ" if count else ""
    rtol = case.rtol
    if actual.dtype.name == "bfloat16":
        rtol = max(rtol, BFLOAT16_RTOL)
    if not actual.dtype.isbuiltin:  # NumPy's functions know its own types alone
        actual, expected = actual.astype(np.float32), expected.astype(np.float32)
    close = np.isclose(actual, expected, rtol=rtol, atol=case.atol, equal_nan=True)
    if close.all():
        return ""
    index = np.unravel_index(np.argmin(close), close.shape)
    return (
        f"{int(np.sum(~close))} of {close.size} values differ, first at "
        f"{tuple(map(int, index))}: {actual[index]} expected {expected[index]}"
    )


def names_subject(diagnostics: str, case: cases.Case) -> bool:
    """Whether a diagnostic says which op or type it is about."""
    found = set(re.findall(r"[a-z0-9_]+", diagnostics.lower()))
    return bool(found & case.words())


class Suite:
    def __init__(self, slimc: str, flags: list, directory: str, timeout: float):
        self.slimc = slimc
        self.flags = flags
        self.directory = directory
        self.timeout = timeout
        self.workers = queue.SimpleQueue()

    def run(self, case: cases.Case) -> Result:
        result = Result(case.name, case.op, "passed")
        base = os.path.join(self.directory, case.name)
        model, library = base + ".onnx", base + ".so"
        onnx.save(case.model, model)
        try:
            self.compile(case, model, library, result)
            if result.outcome == "passed":
                self.execute(case, library, result)
        finally:
            for path in (model, library, base + ".safetensors"):
                if os.path.exists(path):
                    os.remove(path)
        return result

    def compile(
        self, case: cases.Case, model: str, library: str, result: Result
    ) -> None:
        start = time.monotonic()
        try:
            done = subprocess.run(
                [self.slimc, model, "-o", library] + self.flags,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self.timeout,
            )
        except subprocess.TimeoutExpired:
            result.outcome, result.detail = "timeout", "slimc did not finish"
            return
        finally:
            result.compile_seconds = time.monotonic() - start
        if done.returncode == 0:
            return
        lines = done.stderr.strip().splitlines()
        first = next((l for l in lines if "error:" in l), (lines or ["no text"])[0])
        result.detail = re.sub(r"^.*?error:", "error:", first)[:300]
        if done.returncode < 0:
            result.outcome = "crash"
            result.detail = f"slimc: signal {-done.returncode}"
        elif UNSUPPORTED.search(done.stderr) and names_subject(done.stderr, case):
            result.outcome = "unsupported"
        else:
            result.outcome = "error"

    def execute(self, case: cases.Case, library: str, result: Result) -> None:
        """Run the library on every data set and compare."""
        runner = self.workers.get()
        try:
            for inputs, expected in case.data_sets:
                status, outputs = runner.run(library, inputs, self.timeout)
                if status == "error":
                    result.outcome, result.detail = "error", outputs
                    return
                names = [value.name for value in case.model.graph.output]
                if list(outputs) != names:
                    result.outcome = "wrong"
                    result.detail = f"outputs {list(outputs)}, expected {names}"
                    return
                for name, value in zip(names, expected):
                    text = difference(outputs[name], value, case)
                    if text:
                        result.outcome, result.detail = "wrong", f"{name}: {text}"
                        return
        except worker.WorkerDied as error:
            result.outcome, result.detail = "crash", f"library: {error}"
        except worker.WorkerTimeout:
            result.outcome, result.detail = "timeout", "the library did not finish"
        finally:
            self.workers.put(runner)

    def run_all(self, chosen: list, jobs: int) -> list:
        workers = [worker.WorkerProcess() for _ in range(jobs)]
        for w in workers:
            self.workers.put(w)
        results = []
        start = time.monotonic()
        try:
            with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
                for result in pool.map(self.run, chosen):
                    results.append(result)
                    if result.outcome in FAILURES:
                        print(
                            f"{result.outcome}: {result.name}: {result.detail}",
                            flush=True,
                        )
                    if len(results) % 200 == 0:
                        print(
                            f"{len(results)} of {len(chosen)} cases, "
                            f"{time.monotonic() - start:.0f} s",
                            flush=True,
                        )
        finally:
            for w in workers:
                w.close()
        return results


def table(results: list) -> list:
    """Rows (op, passed, unsupported, failed), by op."""
    counts = collections.defaultdict(collections.Counter)
    for result in results:
        counts[result.op][result.outcome] += 1
    return [
        (
            op,
            count["passed"],
            count["unsupported"],
            sum(count[outcome] for outcome in FAILURES),
        )
        for op, count in sorted(counts.items())
    ]


def markdown(results: list) -> str:
    rows = table(results)
    total = [sum(row[i] for row in rows) for i in (1, 2, 3)]
    lines = [
        "# ONNX operators",
        "",
        "Written by `test/Integration/onnx_backend/run.py --markdown`; do not edit.",
        "",
        f"The node tests of the `onnx` package, version {onnx.__version__}, through "
        "importer, compiler and C interface: "
        f"{len(results)} cases, {total[0]} passed, {total[1]} unsupported (a "
        f"diagnostic names the op or the type), {total[2]} failed.",
        "",
        "| op | passed | unsupported | failed |",
        "|---|---:|---:|---:|",
    ]
    lines += [f"| {op} | {p} | {u} | {f} |" for op, p, u, f in rows]
    return "\n".join(lines) + "\n"


def report(results: list, seconds: float) -> None:
    width = max(len(r.op) for r in results)
    print(f"\n{'op':{width}} {'passed':>7} {'unsupp.':>8} {'failed':>7}")
    for op, passed, unsupported, failed in table(results):
        print(f"{op:{width}} {passed:7} {unsupported:8} {failed:7}")
    count = collections.Counter(r.outcome for r in results)
    compiled = sorted(r.compile_seconds for r in results)
    print(
        f"\n{len(results)} cases in {seconds:.0f} s; slimc takes "
        f"{compiled[len(compiled) // 2]:.2f} s (median), {compiled[-1]:.2f} s (most)"
    )
    print(
        f"{count['passed']} passed, {count['unsupported']} unsupported, "
        + ", ".join(f"{count[outcome]} {outcome}" for outcome in FAILURES)
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Run the ONNX backend node tests through slimc."
    )
    parser.add_argument("--slimc", required=True)
    parser.add_argument("--filter", default="", help="regular expression on names")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--timeout", type=float, default=120, help="seconds a step")
    parser.add_argument("--flag", action="append", default=[], help="for slimc")
    parser.add_argument("--markdown", help="write a table by op")
    parser.add_argument("--json", help="write every result")
    parser.add_argument("--min-passed", type=int, default=0)
    args = parser.parse_args()

    start = time.monotonic()
    chosen = [c for c in cases.collect() if re.search(args.filter, c.name)]
    if not chosen:
        parser.error(f"no case matches {args.filter}")
    print(f"{len(chosen)} cases, {args.jobs} at a time", flush=True)
    with tempfile.TemporaryDirectory(prefix="onnx-backend-") as directory:
        suite = Suite(args.slimc, args.flag, directory, args.timeout)
        results = suite.run_all(chosen, args.jobs)
    report(results, time.monotonic() - start)
    if args.markdown:
        with open(args.markdown, "w", encoding="utf-8") as file:
            file.write(markdown(results))
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump([dataclasses.asdict(r) for r in results], file, indent=1)
    passed = sum(r.outcome == "passed" for r in results)
    if passed < args.min_passed:
        print(f"fewer than {args.min_passed} passed")
        return 1
    return 1 if any(r.outcome in FAILURES for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
