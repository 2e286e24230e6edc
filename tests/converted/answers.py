"""What TensorFlow's own runtimes answer to the models of convert.py.

usage: answers.py FOLDER   for each FOLDER/<stem>.tflite writes <stem>.in and <stem>.out: raw bytes, example by example;
                           of a model that keeps state, the answers to each example three times in a row

The environment is that of tests/parity. TensorFlow Lite for Microcontrollers answers; LiteRT with its reference kernels
where that has no kernel, for float32, and where docs/numerics.md says that mote does as it does. Inputs cover the whole
range of integers, and normal floats.
"""
import glob
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
from peers import run_litert, run_tflm  # noqa: E402

EXAMPLES = 3
KEEP_STATE = {"VAR_HANDLE", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"}
# TensorFlow Lite for Microcontrollers leaves out the requantization of a RELU6 that stands alone.
AS_LITERT = ("activations.int8",)


def draw(details, rng):
    if details["dtype"] == np.float32:
        return rng.normal(size=details["shape"]).astype(np.float32)
    limits = np.iinfo(details["dtype"])
    return rng.integers(limits.min, limits.max, endpoint=True, size=details["shape"], dtype=details["dtype"])


def answer(path):
    from ai_edge_litert.interpreter import Interpreter

    with open(path, "rb") as file:
        model = file.read()
    listed = Interpreter(model_content=model, num_threads=1)
    inputs, outputs = listed.get_input_details(), len(listed.get_output_details())
    stem = path[: -len(".tflite")]
    quantized = any(details["dtype"] == np.int8 for details in listed.get_tensor_details())
    invokes = 3 if any(op["op_name"] in KEEP_STATE for op in listed._get_ops_details()) else 1
    tflm_first = quantized and os.path.basename(stem) not in AS_LITERT
    rng = np.random.default_rng(len(model))
    with open(stem + ".in", "wb") as into, open(stem + ".out", "wb") as out:
        for _ in range(EXAMPLES):
            example = [draw(details, rng).tobytes() for details in inputs]
            into.write(b"".join(example))
            out.write(run(model, example, outputs, tflm_first, invokes).tobytes())


def run(model, example, outputs, tflm_first, invokes):
    if tflm_first:
        try:
            return run_tflm(model, example, outputs, invokes)
        except RuntimeError:
            pass
    return run_litert(model, example, outputs, invokes)


if __name__ == "__main__":
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.tflite"))):
        answer(path)
