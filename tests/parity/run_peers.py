"""Runs a .tflite in TensorFlow's own runtimes, one example at a time.

usage: run_peers.py MODEL.tflite INPUTS.npy FOLDER

INPUTS.npy holds one example per row, in the model's own data type.
Writes litert.npy (LiteRT with its reference kernels)
and tflm.npy (TensorFlow Lite for Microcontrollers) into FOLDER: the raw outputs, one row per example.
"""
import os
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tflite_micro import runtime

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
from peers import with_version_at_most  # noqa: E402


def run_litert(model, examples):
    # The reference resolver of 1.2.0 stops at version 11 of FULLY_CONNECTED; its kernel has the per-channel form of 12.
    model = with_version_at_most(model, 11)
    reference = OpResolverType.BUILTIN_REF
    interpreter = Interpreter(model_content=model, experimental_op_resolver_type=reference, num_threads=1)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]
    target = interpreter.get_output_details()[0]
    if source["dtype"] != examples.dtype:
        sys.exit(f"the model takes {source['dtype']}, the inputs are {examples.dtype}")
    outputs = []
    for example in examples:
        interpreter.set_tensor(source["index"], example.reshape(source["shape"]))
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(target["index"]).reshape(-1).copy())
    return np.stack(outputs)


def run_tflm(model, examples):
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=10 * len(model) + 200_000)
    shape = interpreter.get_input_details(0)["shape"]
    outputs = []
    for example in examples:
        interpreter.set_input(example.reshape(shape), 0)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0).reshape(-1).copy())
    return np.stack(outputs)


def main():
    model_path, inputs_path, folder = sys.argv[1:]
    with open(model_path, "rb") as file:
        model = file.read()
    examples = np.load(inputs_path)
    np.save(os.path.join(folder, "litert.npy"), run_litert(model, examples))
    np.save(os.path.join(folder, "tflm.npy"), run_tflm(model, examples))


if __name__ == "__main__":
    main()
