"""The environment that holds the peers."""
from __future__ import annotations

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
REQUIREMENTS = os.path.join(HERE, "requirements.txt")


def ensure(directory: str) -> str:
    """Create the environment or renew it when the requirements changed; the path
    of its interpreter."""
    python = os.path.join(directory, "bin/python3")
    stamp = os.path.join(directory, "slim-requirements.txt")
    with open(REQUIREMENTS, encoding="utf-8") as file:
        wanted = file.read()
    try:
        with open(stamp, encoding="utf-8") as file:
            if file.read() == wanted:
                return python
    except OSError:
        pass
    print(f"benchmark: installing the peers into {directory}", flush=True)
    create = [sys.executable, "-m", "venv", directory]
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    for command in (create, install + ["-r", REQUIREMENTS]):
        if subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
            raise SystemExit("benchmark: error: cannot install the peers")
    with open(stamp, "w", encoding="utf-8") as file:
        file.write(wanted)
    return python


def enter(directory: str) -> None:
    """Go on in the environment's interpreter."""
    python = ensure(directory)
    if os.path.realpath(sys.prefix) != os.path.realpath(directory):
        os.execv(python, [python, *sys.argv])
