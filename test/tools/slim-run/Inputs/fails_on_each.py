"""fails_on_each.py SLIM_RUN MODEL DIRECTORY: every DIRECTORY/bad_*.npy as the
input 'scale' must give one line of error that names the file; prints them."""
import glob
import os
import subprocess
import sys

slim_run, model, directory = sys.argv[1:]
for path in sorted(glob.glob(f"{directory}/bad_*.npy")):
    run = subprocess.run(
        [slim_run, model, "--random-inputs", "--input", f"scale={path}"],
        capture_output=True,
        text=True,
    )
    prefix = f"slim-run: error: input 'scale': '{path}': "
    lines = run.stderr.splitlines()
    if run.returncode != 1 or len(lines) != 1 or not lines[0].startswith(prefix):
        sys.exit(f"{path}: status {run.returncode}, stderr:\n{run.stderr}")
    print(f"{os.path.basename(path)}: {lines[0][len(prefix):]}")
