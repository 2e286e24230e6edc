"""Checks the house rules that a compiler does not: who may include whom, file and line length, machine paths."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1])
MAX_FILE_LINES, MAX_LINE = 500, 120

# The host's contracts in rooms whose headers run on the microcontroller.
HOST_CONTRACTS = (pathlib.Path(__file__).parent / "host_contracts").read_text().split()

# What each room may include, besides itself.
BELOW = {
    "device": [],
    "base": ["device"],
    "ops": ["device", "base"],
    "features": ["device", "base"],
    "data": ["device", "base", "features"],
    "boards": ["base"],
    "graph": ["device", "base", "ops", "features"],
}
BELOW["train"] = BELOW["tflite"] = BELOW["plan"] = BELOW["quantize"] = BELOW["graph"] + ["graph"]
BELOW["compile"] = BELOW["graph"] + ["graph", "train", "quantize", "tflite", "plan", "boards"]
BELOW["measure"] = BELOW["compile"] + ["compile"]
BELOW["report"] = BELOW["measure"] + ["measure", "data"]
BELOW["cli"] = BELOW["report"] + ["report"]

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def room(path):
    parts = pathlib.PurePosixPath(path).parts
    return parts[1] if parts[0] == "toolchain" else parts[0]


def check_includes(path, text, problems):
    here = room(path)
    if here not in BELOW:
        return
    for target in INCLUDE.findall(text):
        if "/" not in target or target.startswith("build"):
            continue
        there = room(target)
        if target.endswith(".cpp"):
            problems.append(f"{path}: includes the source file {target}")
        if there in BELOW and there != here and there not in BELOW[here]:
            if path.endswith("_test.cpp") and there in ("data", "tflite", "plan", "quantize", "train"):
                continue  # a stage's test may use a sibling to make its input
            allowed = ", ".join(BELOW[here])
            problems.append(f"{path}: '{here}' includes {target}; it may include only itself and {allowed}")
        host_only = target in HOST_CONTRACTS or there not in ("device", "ops", "features")
        if here in ("device", "ops", "features") and path.endswith(".h") and host_only \
                and path not in HOST_CONTRACTS:
            problems.append(f"{path}: may run on the microcontroller, so it cannot include {target}")


def check_one_definition(files, problems):
    """Two types of one name in namespace mote are one type to the linker, whatever their headers say."""
    seen = {}
    for path in files:
        if path.endswith(".h") and not path.startswith("tests/"):
            text = (ROOT / path).read_text(encoding="utf-8")
            for name in re.findall(r"^(?:struct|class) (\w+)(?: final)?(?: : [^;{]*)? \{", text, re.M):
                if name in seen:
                    problems.append(f"{path}: type {name} is already defined in {seen[name]}")
                seen[name] = path


def main():
    command = ["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True)
    files = listed.stdout.split("\n") if listed.returncode == 0 else [
        str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file()]
    files = sorted(f for f in files if f and (ROOT / f).is_file())
    problems = []
    check_one_definition(files, problems)
    for path in files:
        if path.startswith("device/") and path.endswith(".cpp"):
            problems.append(f"{path}: device/ holds headers only")
        if not path.endswith((".h", ".cpp", ".c", ".py", ".def", ".cmake", ".toml", ".md", ".S", ".ld")):
            continue
        text = (ROOT / path).read_text(encoding="utf-8")
        if re.search(r"/(?:work|root|farm)/", text) and path != "tests/layering/check.py":
            problems.append(f"{path}: names a path of one machine")
        if path.endswith(".md"):
            continue
        check_includes(path, text, problems)
        lines = text.split("\n")
        if len(lines) > MAX_FILE_LINES + 1:
            problems.append(f"{path}: {len(lines)} lines ({MAX_FILE_LINES} at most)")
        problems += [f"{path}:{i + 1}: {len(line)} columns ({MAX_LINE} at most)"
                     for i, line in enumerate(lines) if len(line) > MAX_LINE]
    print("\n".join(problems) or "layering: nothing to say")
    return 1 if problems else 0


sys.exit(main())
