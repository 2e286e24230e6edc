"""Inferences per second of three engines on the same int8 models, taken in turn. See README.md.

usage: host_bench.py HOST_CONTESTANT MODEL.tflite...
Exit status 1: mote's output is not TFLM's, or a model does not take int8.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np  # noqa: E402
from ai_edge_litert.interpreter import Interpreter  # noqa: E402
from tflite_micro import runtime  # noqa: E402

ROUNDS = 11
SECONDS = 0.1  # of processor time that one engine runs in a round


class Mote:
    def __init__(self, contestant, path, example):
        self.process = subprocess.Popen([contestant, path, "best"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write(example.tobytes())
        self.process.stdin.flush()
        self.output = bytes.fromhex(self.process.stdout.readline().decode())

    def seconds(self, count):
        self.process.stdin.write(f"{count}\n".encode())
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


class InProcess:
    def __init__(self, invoke):
        self.invoke = invoke

    def seconds(self, count):
        start = time.process_time()
        for _ in range(count):
            self.invoke()
        return time.process_time() - start


def tflm(model, example):
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=10 * len(model) + 200_000)
    interpreter.set_input(example, 0)
    interpreter.invoke()
    return InProcess(interpreter.invoke), interpreter.get_output(0).tobytes()


def litert(model, example):
    interpreter = Interpreter(model_content=model, num_threads=1)  # XNNPACK is its default
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], example)
    return InProcess(interpreter.invoke)


def rates(engines):
    """Medians over the rounds; in each, every engine runs once, for about as long."""
    counts = [max(1, round(SECONDS / (engine.seconds(3) / 3))) for engine in engines]
    rounds = [[count / engine.seconds(count) for engine, count in zip(engines, counts)] for _ in range(ROUNDS)]
    return [statistics.median(column) for column in zip(*rounds)]


def compare(contestant, path):
    model = pathlib.Path(path).read_bytes()
    details = Interpreter(model_content=model, num_threads=1).get_input_details()[0]
    if details["dtype"] != np.int8:
        sys.exit(f"{path}: input 0 is {np.dtype(details['dtype'])}, expected int8")
    example = np.random.default_rng(1).integers(-128, 128, details["shape"]).astype(np.int8)
    reference, expected = tflm(model, example)
    mote = Mote(contestant, path, example)
    if mote.output != expected:
        sys.exit(f"{path}: mote's output is not TFLM's")
    ours, micro, lite = rates([mote, reference, litert(model, example)])
    name = pathlib.Path(path).stem
    print(f"{name:26} {ours:12,.0f} {micro:12,.0f} {lite:16,.0f} {ours / micro:9.1f} {ours / lite:11.2f}", flush=True)


def main():
    print(f"{'inferences/s':26} {'mote':>12} {'TFLM x86':>12} {'LiteRT XNNPACK':>16} {'x TFLM':>9} {'x LiteRT':>11}")
    for path in sys.argv[2:]:
        compare(sys.argv[1], path)


if __name__ == "__main__":
    main()
