"""`make mutants`: change the product in one place at a time; the tests of that place must notice.

`make mutants ONLY=domain/local_time` tries one module. What was tried is kept in build/mutants, so
a run that was stopped goes on; when tests have changed, only what they did not notice is tried
again, and when the module has, everything. Writes docs/mutants.md.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkResult

from tests.mutants.targets import NOISE, TARGETS, Target
from tests.mutants.trial import PYTEST

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "mutants"
REPORT = ROOT / "docs" / "mutants.md"
COPIES = 2

type Known = dict[tuple[str, str, str], str]
"""Why a survivor is none, by its module, the line before and the line after."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A change that no test noticed."""

    module: str
    place: str
    before: str
    after: str


def main() -> None:
    only = os.environ.get("ONLY", "")
    chosen = [target for target in TARGETS if only in ("", target.module)]
    if not chosen:
        sys.exit(f"ONLY={only} is none of: {', '.join(target.module for target in TARGETS)}")
    BUILD.mkdir(parents=True, exist_ok=True)
    copies: SimpleQueue[Path] = SimpleQueue()
    for number in range(COPIES):
        copies.put(_copy(BUILD / f"copy-{number}"))

    def try_all(target: Target) -> None:
        copy = copies.get()
        try:
            _try_all(target, copy)
        finally:
            copies.put(copy)

    with ThreadPoolExecutor(COPIES) as workers:
        list(workers.map(try_all, chosen))
    _write_report()


def _copy(copy: Path) -> Path:
    """What git knows of, so that the working copy is never touched."""
    shutil.rmtree(copy, ignore_errors=True)
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    for file in filter(None, files):
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, copy / file)
    return copy


def _session(target: Target) -> Path:
    """What became of the mutants of this version of a module."""
    return BUILD / f"{target.name}-{_hash(target.path)}.sqlite"


def _seen(target: Target) -> Path:
    """Which lines of it these versions of its tests run."""
    return BUILD / f"{_session(target).stem}-{_hash(*target.files)}.json"


def _hash(*files: str) -> str:
    return sha256(b"".join((ROOT / file).read_bytes() for file in files)).hexdigest()[:12]


def _try_all(target: Target, copy: Path) -> None:
    session, seen = _session(target), _seen(target)
    config, tried = session.with_suffix(".toml"), seen.with_suffix(".tried")
    if tried.exists():
        return
    config.write_text(
        "[cosmic-ray]\n"
        f'module-path = "{target.path}"\n'
        "timeout = 1.0\n"  # trial says
        "excluded-modules = []\n"
        'test-command = "true"\n'  # trial says
        "[cosmic-ray.distributor]\n"
        'name = "local"\n'
        "[cosmic-ray.filters.operators-filter]\n"
        f"exclude-operators = {[*NOISE]!r}\n",
        encoding="utf-8",
    )
    if not seen.exists():
        watching = {"MUTANTS_MODULE": target.path, "MUTANTS_SEEN": str(seen)}
        pytest = [*PYTEST.split(), "-p", "tests.mutants.lines", *target.chosen]
        _run(copy, *pytest, **watching)
    if not session.exists():
        _run(copy, "cosmic-ray", "init", str(config), str(session))
        _run(copy, "cr-filter-operators", str(session), str(config))
        _leave_out(target, session)
    print(f"{target.module}: {_left(session)} mutants to try", flush=True)
    _run(copy, "python", "-m", "tests.mutants.trial", str(session), str(seen))
    tried.touch()


def _leave_out(target: Target, session: Path) -> None:
    with use_db(str(session), WorkDB.Mode.open) as work:
        for item in list(work.pending_work_items):
            if target.only and item.mutations[0].definition_name not in target.only:
                work.set_result(item.job_id, WorkResult(WorkerOutcome.SKIPPED))


def _left(session: Path) -> int:
    with use_db(str(session), WorkDB.Mode.open) as work:
        return len(list(work.pending_work_items))


def _run(copy: Path, command: str, *arguments: str, **variables: str) -> None:
    binaries = Path(sys.executable).parent
    environment = {
        **os.environ,
        "EXAMPLES": "all",
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"layers/product/python{os.pathsep}.",
        "PYTHONDONTWRITEBYTECODE": "1",
        **variables,
    }
    subprocess.run([str(binaries / command), *arguments], cwd=copy, env=environment, check=True)


def _results(target: Target) -> Iterator[tuple[MutationSpec, WorkResult]]:
    session = _session(target)
    if not session.exists():
        return
    with use_db(str(session), WorkDB.Mode.open) as work:
        for item, result in work.completed_work_items:
            if result.worker_outcome not in (WorkerOutcome.SKIPPED, WorkerOutcome.NO_TEST):
                yield item.mutations[0], result


def _survivor(target: Target, mutation: MutationSpec, result: WorkResult) -> Survivor:
    lines = (result.diff or "").splitlines()
    before = [line[1:].strip() for line in lines if line[:1] == "-" and line[:3] != "---"]
    after = [line[1:].strip() for line in lines if line[:1] == "+" and line[:3] != "+++"]
    place = f"{mutation.definition_name or 'module'}, line {mutation.start_pos[0]}"
    return Survivor(target.module, place, " ".join(before), " ".join(after))


def _argued() -> Known:
    text = (Path(__file__).parent / "argued.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text).get("argued", [])
    return {(each["module"], each["before"], each["after"]): each["why"] for each in entries}


def _write_report() -> None:
    known, rows, survivors = _argued(), [], []
    for target in TARGETS:
        counts: Counter[str] = Counter()
        for mutation, result in _results(target):
            survivor = _survivor(target, mutation, result)
            if survivor.before.startswith("@dataclass("):
                continue  # frozen and slots are for those who write the code
            counts["all"] += 1
            if result.test_outcome is not TestOutcome.SURVIVED:
                counts["killed"] += 1
                continue
            why = known.get((survivor.module, survivor.before, survivor.after), "")
            counts["argued" if why else "open"] += 1
            survivors.append((survivor, why))
        tests = ", ".join(test.rpartition("/")[2] for test in target.tests)
        session = _session(target)
        left = str(_left(session)) if session.exists() else "all"
        numbers = (str(counts[each]) for each in ("all", "killed", "argued", "open"))
        rows.append(f"| `{target.module}` | {' | '.join((*numbers, left))} | {tests} |")
    lines = [
        "# Mutants",
        "",
        "A line on which a guarantee rests is changed, one mutant at a time, and the tests of its",
        "module must notice: those of them that run the line, first who noticed most in its time.",
        "`make mutants` makes these figures; what is left out as noise, and which tests answer for",
        "which module, stands in `tests/mutants/targets.py`; the reasons below come from",
        "`tests/mutants/argued.toml`.",
        "",
        "| module | tried | killed | argued | open | not yet tried | against |",
        "|---|---|---|---|---|---|---|",
        *rows,
        "",
        "## Survivors",
        "",
    ]
    for survivor, why in survivors:
        lines += [
            f"- `{survivor.module}`, {survivor.place}: {why or '**open**'}",
            "",
            "  ```",
            f"  - {survivor.before}",
            f"  + {survivor.after}",
            "  ```",
        ]
    REPORT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(survivors)} survivors, see {REPORT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
