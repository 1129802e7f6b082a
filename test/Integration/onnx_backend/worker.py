"""A process that runs compiled models, so that a crash is only its own end.

Started by WorkerProcess. Requests and answers are pickles on its standard input
and output, each after its length: (library, inputs) -> ("ok", outputs by name)
or ("error", text).
"""
from __future__ import annotations

import os
import pickle
import select
import struct
import subprocess
import sys
import time

_LENGTH = struct.Struct("<Q")


class WorkerDied(Exception):
    """The process ended while it ran a model; the text says how."""


class WorkerTimeout(Exception):
    """The model did not finish in time."""


class WorkerProcess:
    """A worker, started when it is first needed and again after its end."""

    # A fresh process from time to time: loaded libraries are never unloaded.
    RUNS_PER_PROCESS = 100

    def __init__(self):
        self._process = None
        self._runs = 0

    def run(self, library: str, inputs: list, timeout: float):
        """Returns ("ok", outputs) or ("error", text)."""
        if self._process is None or self._runs >= self.RUNS_PER_PROCESS:
            self.close()
            self._process = subprocess.Popen(
                [sys.executable, os.path.abspath(__file__)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
            self._runs = 0
        self._runs += 1
        data = pickle.dumps((library, inputs))
        try:
            self._process.stdin.write(_LENGTH.pack(len(data)) + data)
            deadline = time.monotonic() + timeout
            (size,) = _LENGTH.unpack(self._read(_LENGTH.size, deadline))
            return pickle.loads(self._read(size, deadline))
        except (BrokenPipeError, EOFError):
            status = self._process.wait()
            self.close()
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            raise WorkerDied(how) from None
        except WorkerTimeout:
            self.close()
            raise

    def _read(self, size: int, deadline: float) -> bytes:
        data = b""
        pipe = self._process.stdout
        while len(data) < size:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise WorkerTimeout()
            part = os.read(pipe.fileno(), min(size - len(data), 1 << 20))
            if not part:
                raise EOFError()
            data += part
        return data

    def close(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
        self._process = None


def serve() -> None:
    """Answer requests until the standard input ends."""
    from slim.runtime import Model

    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # What a library prints must not mix with the answers.
    os.dup2(2, 1)
    while True:
        head = requests.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return
        library, inputs = pickle.loads(requests.read(*_LENGTH.unpack(head)))
        try:
            with Model(library) as model:
                answer = ("ok", model.run(inputs))
        except Exception as error:  # whatever it is, it is this case's result
            answer = ("error", f"{type(error).__name__}: {error}")
        data = pickle.dumps(answer)
        answers.write(_LENGTH.pack(len(data)) + data)
        answers.flush()


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../python"))
    serve()
