"""Runs the one-operator models that conformance_models wrote, in TensorFlow's own runtimes.

usage: peers.py run FOLDER             writes <stem>.litert and <stem>.tflm beside each <stem>.tflite: the raw outputs
       peers.py golden FOLDER GOLDEN   writes GOLDEN/<operator>.json: float from LiteRT; integers from TensorFlow Lite
                                       for Microcontrollers, or from LiteRT where that has no kernel with an answer

The environment is that of tests/parity. LiteRT runs its reference kernels.
"""
import importlib.metadata
import json
import os
import struct
import sys

import numpy as np


# TensorFlow Lite for Microcontrollers takes the byte that it puts around the image from memory that it never sets.
UNDEFINED_IN_TFLM = {"space_to_batch_nd"}


def with_version_at_most(model, most):
    """The model with every OperatorCode.version (field 2 of the tables in field 1 of the root) lowered to `most`."""
    data = bytearray(model)

    def offset(at):
        return at + struct.unpack_from("<I", data, at)[0]

    def field(table, number):
        vtable = table - struct.unpack_from("<i", data, table)[0]
        if 4 + 2 * number >= struct.unpack_from("<H", data, vtable)[0]:
            return None
        distance = struct.unpack_from("<H", data, vtable + 4 + 2 * number)[0]
        return table + distance if distance else None

    codes = offset(field(offset(0), 1))
    for i in range(struct.unpack_from("<I", data, codes)[0]):
        version = field(offset(codes + 4 + 4 * i), 2)
        if version and struct.unpack_from("<i", data, version)[0] > most:
            struct.pack_into("<i", data, version, most)
    return bytes(data)


def in_a_row(outputs):
    return np.concatenate([output.reshape(-1) for output in outputs])


def run_litert(model, inputs, _, invokes):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    # The reference resolver of 1.2.0 stops at version 11 of FULLY_CONNECTED; its kernel has the per-channel form of 12.
    model = with_version_at_most(model, 11)
    try:
        interpreter = Interpreter(
            model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1)
        interpreter.allocate_tensors()
    except ValueError as error:
        if "Didn't find op" not in str(error):
            raise
        # It lacks some operators; their only kernels are those of the other resolver.
        builtin = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        interpreter = Interpreter(model_content=model, experimental_op_resolver_type=builtin, num_threads=1)
        interpreter.allocate_tensors()
    outputs = []
    for _ in range(invokes):
        for details, data in zip(interpreter.get_input_details(), inputs):
            values = np.frombuffer(data, details["dtype"]).reshape(details["shape"])
            interpreter.set_tensor(details["index"], values)
        interpreter.invoke()
        outputs += [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]
    return in_a_row(outputs)


def run_tflm(model, inputs, outputs, invokes):
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(model, arena_size=10 * len(model) + 200_000)
    found = []
    for _ in range(invokes):
        for i, data in enumerate(inputs):
            details = interpreter.get_input_details(i)
            interpreter.set_input(np.frombuffer(data, details["dtype"]).reshape(details["shape"]), i)
        interpreter.invoke()
        found += [interpreter.get_output(i).copy() for i in range(outputs)]
    return in_a_row(found)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def load(folder):
    """The index and, for each entry, the model's and the inputs' bytes."""
    for entry in json.loads(read(os.path.join(folder, "index.json"))):
        stem = os.path.join(folder, entry["stem"])
        yield entry, stem, read(stem + ".tflite"), [read(f"{stem}.in{i}") for i in range(entry["inputs"])]


def run(folder):
    for entry, stem, model, inputs in load(folder):
        for peer, runner in (("litert", run_litert), ("tflm", run_tflm)):
            try:
                output = runner(model, inputs, entry["outputs"], entry["invokes"]).tobytes()
            except Exception as error:  # a peer's refusal is a finding: the test that reads it names the case
                with open(f"{stem}.{peer}.error", "w") as file:
                    file.write(str(error))
                continue
            with open(f"{stem}.{peer}", "wb") as file:
                file.write(output)


def golden(folder, target):
    operators = {}
    for entry, _, model, inputs in load(folder):
        output = None
        if entry["form"] == "integer" and entry["operator"] not in UNDEFINED_IN_TFLM:
            try:
                output = run_tflm(model, inputs, entry["outputs"], entry["invokes"])
            except RuntimeError:
                pass
        oracle = "litert" if output is None else "tflm"
        if output is None:
            output = run_litert(model, inputs, entry["outputs"], entry["invokes"])
        values = [float(f"{v:.9g}") for v in output] if output.dtype == np.float32 else output.tolist()
        cases = operators.setdefault(entry["operator"], {})
        answer = {"fingerprint": entry["fingerprint"], "oracle": oracle, "output": values}
        cases.setdefault(entry["case"], {})[entry["form"]] = answer
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("ai-edge-litert", "tflite-micro")]
    for operator, cases in operators.items():
        document = {
            "made_by": f"{' and '.join(versions)}, reference kernels; values drawn from the cases of {operator}.cpp",
            "made_with": "conformance_models FOLDER && tests/conformance/peers.py golden FOLDER GOLDEN",
            "cases": cases,
        }
        with open(os.path.join(target, operator + ".json"), "w") as file:
            file.write(json.dumps(document, separators=(",", ":")).replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    {"run": run, "golden": golden}[sys.argv[1]](*sys.argv[2:])
