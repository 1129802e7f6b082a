"""fails.py COMMAND [ARGUMENT]...: the command must fail with status 1 and one
line of error, which is printed; it must leave nothing in the directory that
follows --output-dir."""
import os
import subprocess
import sys

run = subprocess.run(sys.argv[1:], capture_output=True, text=True)
lines = run.stderr.splitlines()
if run.returncode != 1 or len(lines) != 1:
    sys.exit(f"status {run.returncode}, stderr:\n{run.stderr}")
if not lines[0].startswith("slim-run: error: "):
    sys.exit(f"no error of slim-run: {lines[0]}")
if "--output-dir" in sys.argv:
    directory = sys.argv[sys.argv.index("--output-dir") + 1]
    if os.path.isdir(directory) and os.listdir(directory):
        sys.exit(f"left in {directory}: {os.listdir(directory)}")
print(lines[0])
