"""`make fuzz`: inputs that find new ways through the code, guided by its coverage (atheris), a minute for each way in.

Needs atheris (requirements-fuzz.lock; Linux on x86-64). Whatever breaks is written to `.fuzz/`: put it into
`tests/hostile/corpus/` beside the others, where every test run tries it again.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rich.console import Console

from tests.hostile.payloads import CORPUS, EXAMPLES

FOLDER: Final = Path(".fuzz")
INSIDE: Final = "--inside"
SLOWEST_S: Final = 10
LARGEST: Final = {"topic": 512}
ORDINARY: Final = 16_384
"""Bytes of an input; what is larger is `make hostile`'s."""
WORD: Final = re.compile(r'"[^"\\\x00-\x1f]{1,60}"')


def main() -> int:
    """0 when nothing broke."""
    if sys.argv[1:2] == [INSIDE]:
        _fuzz(sys.argv[2], sys.argv[3:])
    asked = _arguments()
    say = Console(highlight=False, soft_wrap=True, markup=False).print
    say("| way in | inputs tried | branches seen | kept | memory at most, MiB | broke |\n|---|---|---|---|---|---|")
    codes = [_run(way, asked.seconds, say) for way in asked.ways or _known()]
    return max(codes)


def _known() -> list[str]:
    return sorted(folder.name for folder in CORPUS.iterdir() if folder.is_dir())


def _run(way: str, seconds: int, say: Callable[[str], None]) -> int:
    found = FOLDER / way
    found.mkdir(parents=True, exist_ok=True)
    seeds = _seeds(way)
    argv = [sys.executable, "-m", "tests.hostile.fuzz", INSIDE, way, str(found), str(seeds)]
    argv += [
        f"-max_total_time={seconds}",
        f"-max_len={LARGEST.get(way, ORDINARY)}",
        f"-timeout={SLOWEST_S}",
        "-rss_limit_mb=2048",
    ]
    argv += ["-print_final_stats=1", f"-dict={_dictionary()}", f"-artifact_prefix={FOLDER}/{way}-"]
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False)
    (FOLDER / f"{way}.log").write_text(done.stdout + done.stderr, "utf-8")
    cells = (*(_last(pattern, done.stderr) for pattern in _FIGURES), "no" if done.returncode == 0 else "YES")
    say(f"| {way} | {' | '.join(cells)} |")
    if done.returncode:
        say("\n".join((done.stdout + done.stderr).splitlines()[-25:]))
    return int(done.returncode != 0)


_FIGURES: Final = (
    r"number_of_executed_units:\s+(\d+)",
    r"cov: (\d+)",
    r"corp: (\d+)",
    r"peak_rss_mb:\s+(\d+)",
)


def _last(pattern: str, text: str) -> str:
    return str((re.findall(pattern, text) or ["—"])[-1])


def _seeds(way: str) -> Path:
    """Corpus and, for what carries events, the schemas' examples."""
    seeds = FOLDER / f"{way}-seeds"
    shutil.rmtree(seeds, ignore_errors=True)
    shutil.copytree(CORPUS / way, seeds)
    for number, example in enumerate(sorted(EXAMPLES.rglob("*.json"))) if way in ("mqtt", "http") else ():
        shutil.copy(example, seeds / f"example-{number}")
    return seeds


def _dictionary() -> Path:
    """Names and values that the examples use, so that they need not be guessed letter by letter."""
    words = {word for example in EXAMPLES.rglob("*.json") for word in WORD.findall(example.read_text("utf-8"))}
    plain = sorted(word for word in words if word.isascii())
    file = FOLDER / "words.dict"
    file.write_text("".join('"\\"' + word[1:-1] + '\\""\n' for word in plain), "utf-8")
    return file


def _fuzz(way: str, arguments: list[str]) -> None:
    """In a process of its own, which libFuzzer ends."""
    import atheris

    with atheris.instrument_imports(include=["services.ingest", "services.scorer.decoding", "schemas"]):
        from tests.hostile.targets import TARGETS
    atheris.Setup([way, *arguments], TARGETS[way], enable_python_coverage=True)
    atheris.Fuzz()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.fuzz", description=__doc__)
    parser.add_argument("ways", nargs="*", choices=[*_known(), []], help="default: all")
    parser.add_argument("--seconds", type=int, default=60, help="for each way in")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
