"""Runs every .tflite of a folder in mote and its peers. usage: sweep.py MOTE FOLDER [OUT.json]"""
import collections
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import tempfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tflite_micro import runtime

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "conformance"))
from peers import with_version_at_most  # noqa: E402

ROWS = 2
SECONDS = 120  # for one model in one engine
CLOSE = 1e-3  # of the largest output, for floats
TFLM_ARENA = 4_000_000


def forked(function):
    """What the function returns, from a process of its own: a peer may crash on a model. ("ok" or "error", value)"""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        signal.alarm(SECONDS)
        try:
            answer = ("ok", function())
        except Exception as error:
            answer = ("error", str(error).strip()[:200])
        with os.fdopen(writer, "wb") as file:
            pickle.dump(answer, file)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        data = file.read()
    status = os.waitpid(pid, 0)[1]
    return pickle.loads(data) if data else ("error", f"ended with status {status}")


def litert(model):
    # With the reference kernels where it has them for all operators.
    for resolver in (OpResolverType.BUILTIN_REF, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES):
        try:
            return Interpreter(
                model_content=with_version_at_most(model, 11), experimental_op_resolver_type=resolver, num_threads=1)
        except ValueError as error:
            last = error
    raise last


def ends(model):
    """Data types and shapes of inputs and outputs."""
    interpreter = litert(model)
    return [[(np.dtype(d["dtype"]).str, d["shape"].tolist()) for d in details]
            for details in (interpreter.get_input_details(), interpreter.get_output_details())]


def random_rows(inputs):
    generator = np.random.default_rng(1)
    rows = []
    for name, shape in inputs:
        dtype, shape = np.dtype(name), [ROWS] + shape
        if dtype == np.float32:
            rows.append(generator.normal(size=shape).astype(dtype))
        elif dtype in (np.int8, np.uint8, np.int16):
            limits = np.iinfo(dtype)
            rows.append(generator.integers(limits.min, limits.max + 1, shape).astype(dtype))
        else:  # indices, truth values
            rows.append(generator.integers(0, 2, shape).astype(dtype))
    return rows


def run_litert(model, inputs, outputs):
    interpreter = litert(model)
    interpreter.allocate_tensors()
    found = []
    for row in range(ROWS):
        for details, values in zip(interpreter.get_input_details(), inputs):
            interpreter.set_tensor(details["index"], values[row].reshape(details["shape"]))
        interpreter.invoke()
        found.append([interpreter.get_tensor(d["index"]).copy() for d in interpreter.get_output_details()])
    return [np.stack([row[i] for row in found]) for i in range(outputs)]


def run_tflm(model, inputs, outputs):
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=10 * len(model) + TFLM_ARENA)
    found = []
    for row in range(ROWS):
        for i, values in enumerate(inputs):
            interpreter.set_input(values[row].reshape(interpreter.get_input_details(i)["shape"]), i)
        interpreter.invoke()
        found.append([interpreter.get_output(i).copy() for i in range(outputs)])
    return [np.stack([row[i] for row in found]) for i in range(outputs)]


def run_mote(mote, path, inputs, outputs):
    """(exit status, what it said, arrays)"""
    with tempfile.TemporaryDirectory() as folder:
        command = [mote, "run", path]
        for i, values in enumerate(inputs):
            np.save(f"{folder}/in{i}.npy", values)
            command += ["--input", f"{folder}/in{i}.npy"]
        for i in range(outputs):
            command += ["--output", f"{folder}/out{i}.npy"]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS)
        arrays = [np.load(f"{folder}/out{i}.npy") for i in range(outputs)] if done.returncode == 0 else []
        return done.returncode, done.stderr.strip(), arrays


def compare(found, expected):
    """ "equal", "close" (floats only) or what differs."""
    worst, different = 0.0, 0
    for a, b in zip(found, expected):
        a, b = a.reshape(-1), b.reshape(-1)
        if a.dtype != b.dtype or a.size != b.size:
            return f"{a.size} {a.dtype} against {b.size} {b.dtype}"
        if a.tobytes() == b.tobytes() or np.array_equal(a, b, equal_nan=a.dtype == np.float32):
            continue
        distance = np.abs(a.astype(np.float64) - b.astype(np.float64))
        different += int(np.count_nonzero(distance))
        largest = max(float(np.max(np.abs(b))), 1e-9) if a.dtype == np.float32 else 0
        worst = max(worst, float(np.max(distance)) / largest if largest else np.inf)
    return "equal" if different == 0 else "close" if worst < CLOSE else f"{different} differ, by {worst:.3g} at most"


def sweep(mote, path):
    with open(path, "rb") as file:
        model = file.read()
    status, described = forked(lambda: ends(model))
    inputs, outputs = described if status == "ok" else ([("|i1", [1])], [("|i1", [1])])
    rows = random_rows(inputs)
    try:
        code, said, found = run_mote(mote, path, rows, len(outputs))
    except subprocess.TimeoutExpired:
        return {"outcome": "failed", "why": f"no answer within {SECONDS} s"}
    if code != 0:
        return {"outcome": "refused" if code == 2 else "failed", "why": said}
    result = {"outcome": "not compared"}
    for name, run in (("tflm", run_tflm), ("litert", run_litert)):
        state, expected = forked(lambda: run(model, rows, len(outputs)))
        result[name] = compare(found, expected) if state == "ok" else expected
        if state != "ok":
            continue
        result["outcome"] = result[name] if result[name] in ("equal", "close") else "differs"
        if result["outcome"] != "differs":
            break
    return result


def reason(why, path):
    """A refusal without the numbers and names that are the model's own."""
    why = why.replace("mote: " + path, "").replace(path, "").split("`mote inspect")[0]
    return re.sub(r"\d+", "N", re.sub(r"'[^']*'", "X", why)).strip(" :.;")[:150]


def main(mote, folder, out=None):
    paths = sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".tflite"))
    results = {}
    for path in paths:
        result = results[os.path.basename(path)] = sweep(mote, path)
        if result["outcome"] not in ("equal", "close", "refused"):
            print(os.path.basename(path), result, flush=True)
    print(dict(collections.Counter(result["outcome"] for result in results.values())), "of", len(paths))
    refused = [reason(r["why"], os.path.join(folder, name)) for name, r in results.items() if r["outcome"] == "refused"]
    for why, count in collections.Counter(refused).most_common():
        print(f"{count:5} {why}")
    if out:
        with open(out, "w") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
