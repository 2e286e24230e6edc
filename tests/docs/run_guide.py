"""Runs every command of a Markdown page and compares what it prints with what the page says.

Usage: run_guide.py [--update] MOTE PAGE.md

A page's ```console blocks are one shell session in an empty folder: lines that begin with "$ " are commands, those
with "> " right after one belong to it, and the lines after that are its output (both streams). An exit status other
than 0 is written as a last line "(exit status N)".
Compared line by line: words exactly; numbers within 20 %, ends of intervals "(97.3 - 99.7)" and lengths of bars not
at all (they differ between instruction sets);
"..." stands for any text in a line, and alone on a line for any number of lines. --update writes the page anew with
the real output, keeping the lines of "...".
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

NUMBER = re.compile(r"(?:(?<![\w.])[-+])?\d+(?:,\d{3})*(?:\.\d+)?")
# The ends of an interval over a few groups jump when one example changes sides, which vectors of another length can do.
INTERVAL = re.compile(r"\([-+]?[\d.]+ (?:-|to) [-+]?[\d.]+\)")
BAR = re.compile("[\u2588-\u258f]+")
TOLERANCE = 0.2


def blocks(text):
    """(start, end) of the inside of each console block."""
    for found in re.finditer(r"^```console\n(.*?)^```$", text, re.M | re.S):
        yield found.start(1), found.end(1)


def steps(block):
    """[command, expected lines] of a block."""
    out = []
    for line in block.splitlines():
        if line.startswith("$ "):
            out.append([line[2:], []])
        elif line.startswith(">") and out and not out[-1][1]:
            out[-1][0] += "\n" + line[2:]
        elif out:
            out[-1][1].append(line)
    return out


def run(command, folder, environment):
    script = f"{command}\npwd > \"$MOTE_GUIDE_FOLDER\""
    process = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines = [line.rstrip() for line in process.stdout.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def words(text):
    return NUMBER.sub("#", re.sub(r"\s+", " ", BAR.sub("|", text)))


def same_piece(expected, actual):
    expected, actual = (INTERVAL.sub("(an interval)", text) for text in (expected, actual))
    if words(expected) != words(actual):
        return False
    pairs = zip(*([float(number.replace(",", "")) for number in NUMBER.findall(text)] for text in (expected, actual)))
    return all(abs(a - b) <= TOLERANCE * max(abs(a), abs(b)) or max(abs(a), abs(b)) < 5 for a, b in pairs)


def same_line(expected, actual):
    pieces = expected.split("...")
    if len(pieces) == 1:
        return same_piece(expected, actual)
    return actual.startswith(pieces[0]) and actual.endswith(pieces[-1])


def same(expected, actual):
    if not expected:
        return not actual
    if expected[0].strip() == "...":
        return any(same(expected[1:], actual[i:]) for i in range(len(actual) + 1))
    return bool(actual) and same_line(expected[0], actual[0]) and same(expected[1:], actual[1:])


def main():
    update = "--update" in sys.argv
    mote, page = (pathlib.Path(a).resolve() for a in sys.argv[1:] if a != "--update")
    text = page.read_text()
    failures, rewritten, last = 0, "", 0
    with tempfile.TemporaryDirectory() as folder:
        where = pathlib.Path(folder, ".folder")
        environment = dict(os.environ, PATH=f"{mote.parent}:{os.environ['PATH']}", MOTE_GUIDE_FOLDER=str(where),
                           COLUMNS="100", LC_ALL="C.UTF-8")
        session = pathlib.Path(folder, "session")
        session.mkdir()
        current = str(session)
        for start, end in blocks(text):
            rewritten += text[last:start]
            last = end
            for command, expected in steps(text[start:end]):
                script = f"({command}\n); s=$?; [ $s -eq 0 ] || echo \"(exit status $s)\""
                script = command if command.startswith("cd ") else script
                actual = [line.replace(str(session), "~") for line in run(script, current, environment)]
                current = where.read_text().strip()
                rewritten += "$ " + command.replace("\n", "\n> ").replace("> \n", ">\n") + "\n"
                matches = same(expected, actual)
                rewritten += "".join(f"{line}\n" for line in (expected if matches else actual))
                if not matches and not update:
                    failures += 1
                    print(f"{page.name}: $ {command}\n--- the page says\n" + "\n".join(expected) +
                          "\n--- the command printed\n" + "\n".join(actual) + "\n")
    if update:
        page.write_text(rewritten + text[last:])
    return 1 if failures else 0


sys.exit(main())
