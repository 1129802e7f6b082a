"""One engine with one model in a process of its own.

usage: worker.py (started by driver.py)

The first line of standard input is JSON: engine, artifact, inputs (an .npz
file), threads, cpus, options. The process pins itself to the CPUs, loads, warms
up and answers with a line of JSON; after that each line is a command:

  {"run": N, "warm": M}           -> {"ns": [N times]}, after M untimed runs
  {"outputs": IN.npz, "to": OUT.npz}   -> {}; runs once on other inputs
"""
from __future__ import annotations

import json
import os
import sys
import time

import numpy as np

WARM_RUNS = 20  # before the peak of memory is read
WARM_SECONDS = 4.0  # at most


def memory_mb(field: str) -> float:
    """A field of /proc/self/status in MB: VmHWM is the peak, VmRSS the present."""
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024 / 1e6
    return float("nan")


def load_arrays(path: str) -> dict:
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays}


def warm_up(engine) -> dict:
    start = time.perf_counter()
    for count in range(1, WARM_RUNS + 1):
        before = time.perf_counter()
        engine.run()
        last = time.perf_counter() - before
        if time.perf_counter() - start > WARM_SECONDS:
            break
    return {"warm_runs": count, "run_ns": int(1e9 * last)}


def time_runs(engine, count: int, warm: int) -> list:
    for _ in range(warm):
        engine.run()
    clock, run, times = time.perf_counter_ns, engine.run, []
    for _ in range(count):
        start = clock()
        run()
        times.append(clock() - start)
    return times


def main() -> int:
    # What the libraries print must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(**values) -> None:
        answers.write(json.dumps(values) + "\n")
        answers.flush()

    job = json.loads(sys.stdin.readline())
    os.sched_setaffinity(0, job["cpus"])
    import engines

    inputs = load_arrays(job["inputs"])
    before = memory_mb("VmHWM")
    start = time.perf_counter()
    try:
        engine = engines.ENGINES[job["engine"]](
            job["artifact"], job["threads"], job["options"]
        )
        engine.feed(inputs)
        engine.run()
        first = time.perf_counter() - start
        facts = warm_up(engine)
    except Exception as error:  # whatever an engine raises is the answer
        answer(error=str(error).strip().splitlines()[-1] if str(error) else repr(error))
        return 1
    answer(
        load_s=first,
        memory_before_mb=before,
        peak_mb=memory_mb("VmHWM"),
        resident_mb=memory_mb("VmRSS"),
        **facts,
    )
    for line in sys.stdin:
        command = json.loads(line)
        if "run" in command:
            answer(ns=time_runs(engine, command["run"], command["warm"]))
        else:
            engine.feed(load_arrays(command["outputs"]))
            outputs = engine.outputs()
            np.savez(command["to"], *[np.asarray(o) for o in outputs])
            engine.feed(inputs)
            answer()
    return 0


if __name__ == "__main__":
    sys.exit(main())
