"""Runs a .tflite in TensorFlow's own runtimes, one example at a time.

usage: run_peers.py MODEL.tflite INPUTS.npy FOLDER

INPUTS.npy holds one example per row, in the model's own data type. Writes litert.npy (LiteRT with its reference kernels) and
tflm.npy (TensorFlow Lite for Microcontrollers) into FOLDER: the raw outputs, one row per example. litert.npy stays away when
the installed LiteRT is too old for an operator's version.
"""
import os
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tflite_micro import runtime


def run_litert(model, examples):
    interpreter = Interpreter(model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1)
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
    try:
        np.save(os.path.join(folder, "litert.npy"), run_litert(model, examples))
    except ValueError as error:
        if "Didn't find op for builtin opcode" not in str(error):
            raise
        print(error, file=sys.stderr)
    np.save(os.path.join(folder, "tflm.npy"), run_tflm(model, examples))


if __name__ == "__main__":
    main()
