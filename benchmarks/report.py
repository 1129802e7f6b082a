"""Ratios and tables of the results that run.py collects."""
from __future__ import annotations

import statistics

# Ends the label of a form that runs in one thread beside itself in several.
ALONE = "@1"


def _timed(result: dict, precision: str, ours: bool) -> list:
    return [
        c
        for c in result["contestants"]
        if c["precision"] == precision
        and not c["label"].endswith(ALONE)
        and (c["engine"] == "slim") == ours
        and "median_ms" in c
    ]


def _fastest(contestants: list) -> dict:
    return min(contestants, key=lambda c: c["median_ms"])


def _ratio(ours: dict, theirs: dict) -> dict:
    """Medians, and how the ratio of single rounds spreads."""
    pairs = zip(theirs["rounds_ms"], ours["rounds_ms"])
    rounds = [their_ms / our_ms for their_ms, our_ms in pairs]
    low, _, high = statistics.quantiles(rounds, n=4, method="inclusive")
    return {
        "slim": ours["label"],
        "peer": theirs["label"],
        "ratio": theirs["median_ms"] / ours["median_ms"],
        "quartiles": [low, high],
    }


def ratios(result: dict, precisions) -> list:
    """For each precision the best peer over the best form of slim, and over it
    each engine that is a peer."""
    found = []
    for precision in precisions:
        ours = _timed(result, precision, True)
        theirs = _timed(result, precision, False)
        if not ours or not theirs:
            continue
        best = _fastest(ours)
        entry = {"precision": precision, **_ratio(best, _fastest(theirs))}
        entry["engines"] = {
            engine: _ratio(best, _fastest([c for c in theirs if c["engine"] == engine]))
            for engine in dict.fromkeys(c["engine"] for c in theirs)
        }
        found.append(entry)
    return found


def _row(cells: list) -> str:
    return "| " + " | ".join(str(c) for c in cells) + " |"


def _table(head: list, rows: list) -> list:
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return [_row(head), _row(rule), *[_row(r) for r in rows], ""]


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _by_label(result: dict) -> dict:
    return {c["label"]: c for c in result["contestants"]}


def _cells(results: list, labels: list, show) -> list:
    rows = []
    for result in results:
        found = _by_label(result)
        cells = [show(result, found[l]) if l in found else "–" for l in labels]
        if any(cell != "–" for cell in cells):
            rows.append([result["case"], *cells])
    return rows


def _time(result: dict, c: dict) -> str:
    return _number(c["median_ms"]) if "median_ms" in c else "failed"


def _rate(result: dict, c: dict) -> str:
    if "median_ms" not in c:
        return "failed"
    return f"{result['operations'] / c['median_ms'] / 1e6:.0f}"


def _peak(result: dict, c: dict) -> str:
    return f"{c['peak_mb']:.0f}" if "peak_mb" in c else "–"


def _compile(result: dict, c: dict) -> str:
    used = c.get("compile")
    return f"{_number(used['wall_s'])}, {_number(used['cpu_s'])}" if used else "–"


def _fidelity(result: dict, c: dict) -> str:
    facts = c.get("fidelity")
    if not facts:
        return "–"
    if "mismatch" in facts:
        return facts["mismatch"]
    if "top1" in facts and facts["max_error"] > 1e-3:
        return f"{facts['cosine']:.4f}, {100 * facts['top1']:.0f} %"
    if facts["max_error"] <= 1e-3:
        return f"{facts['max_error']:.0e}"
    return f"{facts['cosine']:.4f}"


def _ratio_rows(results: list) -> list:
    rows = []
    for result in results:
        for entry in result["ratios"]:
            low, high = entry["quartiles"]
            iree = entry["engines"].get("iree")
            cells = [
                f"{result['case']} {entry['precision']}",
                entry["slim"],
                entry["peer"],
                f"**{entry['ratio']:.2f}**",
                f"{low:.2f} to {high:.2f}",
                f"{iree['ratio']:.2f}" if iree else "–",
            ]
            rows.append(cells)
    return rows


# The probe of machine.c that bounds a precision, for products.
BOUNDS = {
    "fp32": "fp32",
    "bf16": "bf16",
    "int8": "int8",
    "w8": "int8",
    "w4": "int8",
    "w4g32": "int8",
}
# Of a weight's element, with its part of a scale in f32 where groups have one.
BYTES = {
    "fp32": 4.0,
    "bf16": 2.0,
    "int8": 1.0,
    "w8": 1.0,
    "w4": 0.5 + 4 / 128,
    "w4g32": 0.5 + 4 / 32,
}


def limits(result: dict, c: dict) -> dict:
    """Shares of the machine's peaks that a product reaches: of arithmetic, and
    of the read bandwidth by the bytes of its weights."""
    if not result["operations"] or "median_ms" not in c:
        return {}
    machine = result["machine"]
    seconds = c["median_ms"] / 1e3
    weights = result["shape"]["k"] * result["shape"]["n"] * BYTES[c["precision"]]
    shares = {"read": weights / seconds / 1e9 / machine["read"]}
    peak = machine[BOUNDS[c["precision"]]]
    if peak:
        shares["arithmetic"] = result["operations"] / seconds / 1e9 / peak
    return shares


def _share(result: dict, c: dict) -> str:
    shares = c.get("limits")
    if not shares:
        return "–"
    # One row is bound by memory, many rows by arithmetic.
    key = "read" if result["shape"]["m"] == 1 else "arithmetic"
    return f"{100 * shares[key]:.0f} %" if key in shares else "–"


def _machine_rows(results: list) -> list:
    units = {"read": "GB/s", "fp32": "GFLOP/s", "bf16": "GFLOP/s", "int8": "GOP/s"}
    rows = []
    for probe, unit in units.items():
        median = statistics.median(r["machine"][probe] for r in results)
        rows.append([f"{probe}, {unit}", f"{median:.1f}"])
    return rows


def _speed_up(result: dict, c: dict) -> str:
    alone = _by_label(result).get(c["label"] + ALONE, {})
    if "median_ms" not in c or "median_ms" not in alone:
        return "–"
    return f"{alone['median_ms'] / c['median_ms']:.2f}"


def _failures(results: list) -> list:
    return [
        f"- {result['case']}, {c['label']}: {c['error']}"
        for result in results
        for c in result["contestants"]
        if "error" in c
    ]


def markdown(report: dict) -> str:
    lines = ["# slim beside its peers", ""]
    lines.append(f"{report['processor']}, {report['date']}.")
    versions = ", ".join(f"{k} {v}" for k, v in report["versions"].items())
    lines += [f"Peers: {versions}.", ""]
    for reason in report["skipped"]:
        lines.append(f"- skipped: {reason}")
    lines.append("")
    order = report["labels"]
    for threads in report["threads"]:
        results = [r for r in report["results"] if r["threads"] == threads]
        if not results:
            continue
        used = {c["label"] for r in results for c in r["contestants"]}
        labels = [label for label in order if label in used]
        lines += [f"## {threads} thread{'s' if threads > 1 else ''}", ""]
        lines += ["Ratios: a peer's median over slim's; above 1 slim is faster.", ""]
        head = ["case", "slim", "best peer", "ratio", "quartiles", "to IREE"]
        lines += _table(head, _ratio_rows(results))
        lines += ["Medians, ms", ""]
        lines += _table(["case", *labels], _cells(results, labels, _time))
        products = [r for r in results if r["operations"]]
        if products:
            lines += ["Products, GFLOP/s or GOP/s", ""]
            lines += _table(["case", *labels], _cells(products, labels, _rate))
            lines += ["Share of the peak: arithmetic, or for one row reading", ""]
            lines += _table(["case", *labels], _cells(products, labels, _share))
        if threads > 1:
            ours = [l for l in labels if l.startswith("slim")]
            lines += ["Speed of all threads over that of one", ""]
            lines += _table(["case", *ours], _cells(results, ours, _speed_up))
        lines += ["Largest relative error, or cosine (and equal top-1)", ""]
        lines += _table(["case", *labels], _cells(results, labels, _fidelity))
        lines += ["Peak resident memory of the process, MB", ""]
        lines += _table(["case", *labels], _cells(results, labels, _peak))
        compiled = [l for l in labels if l.startswith(("slim", "iree"))]
        lines += ["Compile time from ONNX, s: elapsed, of all CPUs", ""]
        lines += _table(["case", *compiled], _cells(results, compiled, _compile))
        lines += ["Limits of the machine in the same rounds", ""]
        lines += _table(["probe", "median"], _machine_rows(results))
        failures = _failures(results)
        if failures:
            lines += ["Failures", "", *failures, ""]
    return "\n".join(lines)
