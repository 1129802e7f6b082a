"""Runs engines in turns: one worker at a time, the others stopped."""
from __future__ import annotations

import ctypes
import dataclasses
import json
import os
import select
import signal
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
LOAD_SECONDS = 600
ENVIRONMENT = {
    # NumPy's threads would only take memory.
    "OPENBLAS_NUM_THREADS": "1",
    # As ONNX Runtime does by itself: threads stay on their CPUs and wait without
    # giving them away. Beside other load, a thread of libomp that yields comes
    # back after a tick of the clock, 4 ms.
    "OMP_PROC_BIND": "true",
    "KMP_USE_YIELD": "0",
}
WARM_NS = 10_000_000  # untimed runs at the begin of a turn: caches are cold then


class WorkerError(Exception):
    """A worker failed; the text is the reason."""


def end_with_parent() -> None:
    """Runs in a child before its program: a stopped child would outlive a parent
    that is killed."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A child that answers lines, and sleeps while others are measured: threads
    that spin after their work would take the time of the next one."""

    def __init__(self, command: list, log: str, **options):
        """Start `command`, whose errors go to the file `log`; `options` are
        those of subprocess.Popen."""
        with open(log, "w", encoding="utf-8") as errors:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                preexec_fn=end_with_parent,
                **options,
            )
        self._log = log

    def send(self, line: str) -> None:
        self._child.stdin.write(line + "\n")
        self._child.stdin.flush()

    def receive(self, seconds: float = LOAD_SECONDS) -> str:
        ready, _, _ = select.select([self._child.stdout], [], [], seconds)
        line = self._child.stdout.readline() if ready else ""
        if not line:
            reason = f"no answer in {seconds:.0f} s"
            if ready:
                reason = f"ended with status {self._child.wait()}"
                with open(self._log, encoding="utf-8", errors="replace") as log:
                    text = log.read().strip().splitlines()
                reason += f": {text[-1][:200]}" if text else ""
            raise WorkerError(reason)
        return line

    def ask(self, line: str) -> str:
        self.wake()
        try:
            self.send(line)
            return self.receive()
        except BrokenPipeError:
            raise WorkerError("ended") from None
        finally:
            self.sleep()

    def wake(self) -> None:
        self._child.send_signal(signal.SIGCONT)

    def sleep(self) -> None:
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGSTOP)

    def renice(self, nice: int) -> None:
        """Change the priority of all threads."""
        for thread in os.listdir(f"/proc/{self._child.pid}/task"):
            os.setpriority(os.PRIO_PROCESS, int(thread), nice)

    def close(self) -> None:
        self._child.kill()
        self._child.wait()
        self._child.stdin.close()
        self._child.stdout.close()


@dataclasses.dataclass
class Job:
    engine: str
    artifact: str
    inputs: str
    threads: int
    cpus: list
    options: dict


class Worker(Process):
    """An engine with a model, loaded and warm. Raises WorkerError."""

    def __init__(self, job: Job, log: str):
        environment = dict(os.environ, **ENVIRONMENT)
        super().__init__(
            [sys.executable, os.path.join(HERE, "worker.py")], log, env=environment
        )
        try:
            self.send(json.dumps(dataclasses.asdict(job)))
            self.facts = json.loads(self.receive())
            if "error" in self.facts:
                raise WorkerError(self.facts["error"])
        except (WorkerError, BrokenPipeError, KeyboardInterrupt):
            self.close()
            raise
        self.sleep()
        self._run_ns = max(self.facts["run_ns"], 1000)

    def measure(self, slice_s: float) -> list:
        """Milliseconds of the runs of one turn of about `slice_s`."""
        count = int(np.clip(slice_s * 1e9 / self._run_ns, 1, 10000))
        warm = int(np.clip(WARM_NS / self._run_ns, 1, 100))
        times = json.loads(self.ask(json.dumps({"run": count, "warm": warm})))["ns"]
        self._run_ns = max(float(np.median(times)), 1000)
        return [ns / 1e6 for ns in times]

    def outputs(self, inputs: str, target: str) -> list:
        """The outputs for the inputs in a file."""
        self.ask(json.dumps({"outputs": inputs, "to": target}))
        with np.load(target) as arrays:
            return [arrays[name] for name in arrays]


class Machine(Process):
    """machine.c: the limits of the processor."""

    PROBES = ("read", "fp32", "bf16", "int8")

    def __init__(self, program: str, cpus: list, log: str):
        super().__init__([program, *map(str, cpus)], log)
        self.sleep()

    def measure(self, probe: str) -> float:
        return float(self.ask(probe))


def take_turns(workers: dict, machine, rounds: int, slice_s: float) -> tuple:
    """The median time of each turn of each worker, by label, and the values of
    each probe of the machine. Who begins a round changes from round to round."""
    labels = list(workers)
    times = {label: [] for label in labels}
    limits = {probe: [] for probe in Machine.PROBES}
    for number in range(rounds):
        shift = number % max(len(labels), 1)
        for label in labels[shift:] + labels[:shift]:
            times[label].append(float(np.median(workers[label].measure(slice_s))))
        for probe in limits:
            limits[probe].append(machine.measure(probe))
    return times, limits
