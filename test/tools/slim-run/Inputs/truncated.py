"""truncated.py FAILS SLIM_RUN MODEL: beginnings of the model, from nothing to
all but one byte, must each fail as FAILS says."""
import subprocess
import sys

fails, slim_run, model = sys.argv[1:]
data = open(model, "rb").read()
cut = model.replace("m.so", "cut.so")
lengths = [0, 4, 16, 63, 64, 100, 500] + [
    len(data) * i // 16 for i in range(1, 16)
]
for length in lengths + [len(data) - 1]:
    with open(cut, "wb") as file:
        file.write(data[:length])
    run = subprocess.run(
        [sys.executable, fails, slim_run, cut, "--random-inputs"],
        capture_output=True,
        text=True,
    )
    if run.returncode:
        sys.exit(f"{length} bytes: {run.stderr}")
    print(run.stdout, end="")
