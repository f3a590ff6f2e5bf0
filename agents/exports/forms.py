"""Which forms there are, where each goes, and all of them in one pass over a run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError

from cuechain.agents.datasets.table import values
from cuechain.agents.errors import ConfigError, RunError
from cuechain.agents.exports import BY_SUFFIX, PLACES
from cuechain.agents.exports.aggregates import OWN, Aggregates
from cuechain.agents.exports.elan import eaf
from cuechain.agents.exports.files import Export, Whole
from cuechain.agents.exports.gate import Gate, Refusal
from cuechain.agents.exports.label_studio import Tasks
from cuechain.agents.exports.record import Origin
from cuechain.agents.exports.subtitles import srt
from cuechain.agents.exports.tables import Cases, Parquet, Segments
from cuechain.agents.exports.timelines import Timelines
from cuechain.agents.exports.training import Pairs, ShareGPT, edits_of
from cuechain.agents.registry import did_you_mean
from cuechain.agents.runs import Run


def is_file(output: Path) -> bool:
    """Whether an output is a file of one form; else it is a folder."""
    return output.suffix.lower() in BY_SUFFIX and not output.is_dir()


def wanted_of(output: Path, forms: str | None) -> dict[str, Path]:
    """Each form that is asked for, and where it goes.

    Raises:
        ConfigError: Unknown form, several for one file, or a file of another kind.
    """
    named = [name.strip() for name in forms.split(",") if name.strip()] if forms else []
    for name in named:
        if name not in PLACES:
            raise ConfigError(f"there is no form '{name}'", did_you_mean(name, list(PLACES)))
    if not is_file(output):
        if output.is_file() or output.suffix:
            raise ConfigError(
                f"{output} is neither a folder nor a .csv, .tsv, .parquet or .jsonl", "-o FOLDER takes every form"
            )
        alone = len(named) == 1 and not Path(PLACES[named[0]]).suffix
        return {name: output if alone else output / PLACES[name] for name in named or PLACES}
    if len(named) > 1:
        raise ConfigError("one file holds one form", "-o FOLDER takes several")
    form = named[0] if named else BY_SUFFIX[output.suffix.lower()]
    suffix = Path(PLACES[form]).suffix
    if suffix != output.suffix.lower() and (suffix, output.suffix.lower()) != (".csv", ".tsv"):
        raise ConfigError(f"{form} is no {output.suffix}", f"give a {suffix}" if suffix else f"{form} needs a folder")
    return {form: output}


@dataclass(frozen=True)
class Options:
    """What single forms need beside the cases."""

    by: tuple[str, ...] = ("group",)
    """Columns that make a group of the aggregates."""
    table: Path | None = None
    """Table of those of them that no case has by itself; None for the run's own."""
    edits: Path | None = None
    """Corrected answers, for pairs."""


def cells(options: Options, origin: Origin) -> Mapping[str, Sequence[str]]:
    """Item id to the cells of the columns of `by` that no case has by itself.

    Raises:
        ConfigError: No such column, or no table that may have it.
    """
    if not options.by:
        raise ConfigError("--by names no column", f"for example --by {OWN[0]}")
    foreign = [name for name in options.by if name not in OWN]
    if not foreign:
        return {}
    if options.table is not None:
        return values(options.table, foreign)
    place = origin.dataset.removeprefix("table:")
    path, _, query = (place, "", "") if Path(place).is_file() else place.partition("?")
    if not Path(path).expanduser().is_file():
        raise ConfigError(f"the run knows no column '{foreign[0]}'", f"--table FILE, or one of {', '.join(OWN)}")
    return values(Path(path).expanduser(), foreign, **dict(parse_qsl(query)))


def _makers(origin: Origin, options: Options) -> dict[str, Callable[[Path], Export]]:
    return {
        "cases": lambda path: Cases(path, origin),
        "parquet": lambda path: Parquet(path, origin),
        "segments": lambda path: Segments(path, origin),
        "aggregates": lambda path: Aggregates(path, origin, options.by, cells(options, origin)),
        "srt": lambda path: Timelines(path, ".srt", srt, origin),
        "elan": lambda path: Timelines(path, ".eaf", eaf, origin),
        "label-studio": lambda path: Tasks(path, origin),
        "sharegpt": lambda path: ShareGPT(path, origin),
        "pairs": lambda path: Pairs(path, origin, edits_of(options.edits) if options.edits else {}),
    }


def written(run: Run, gate: Gate, wanted: Mapping[str, Path], folder: Path | None, options: Options) -> dict[str, Any]:
    """Write every form in one pass over the run.

    Args:
        run: The run.
        gate: What its cases must hold to.
        wanted: Form to its file or folder.
        folder: Where the refusals and the report go; None for nowhere.
        options: What single forms need.

    Returns:
        What was kept, refused, written and left out, counted.

    Raises:
        RunError: It is no run folder, holds a case that cannot be read, or a file cannot be written: those of earlier exports stay.
        ConfigError: No such column or table, or edits of another form.
        MissingExtraError: A Parquet file without pyarrow.
    """
    origin = Origin(run.folder, str(run.manifest.get("dataset") or ""))
    makers = _makers(origin, options)
    begun: dict[str, Export] = {}
    refused: Whole | None = None
    try:
        for name, path in wanted.items():
            begun[name] = makers[name](path)
        refused = Whole(folder / "refused.jsonl") if folder else None
        for found in gate.through(run.cases()):
            if isinstance(found, Refusal):
                if refused:
                    refused.out.write(json.dumps(vars(found), ensure_ascii=False) + "\n")
                continue
            for one in begun.values():
                one.add(found)
        report: dict[str, Any] = {
            "run": str(run.folder.absolute()),
            "demands": vars(gate.demands),
            "kept": gate.kept,
            "refused": dict(gate.reasons.most_common()),
            "forms": {},
        }
        for name, one in begun.items():
            files = [str(path) for path in one.finish()]
            report["forms"][name] = {
                "written": one.written,
                "left_out": dict(one.left.most_common()),
                "files": files,
            }
        if refused and folder:
            refused.finish()
            told = Whole(folder / "export.json")
            told.out.write(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
            told.finish()
        return report
    except OSError as error:
        what = f"the export cannot be written: {error.strerror or error}"
        raise RunError(what, "check the folder and the free space") from error
    except ValidationError as error:
        what = f"{run.folder} holds a case that cannot be read: {error.errors()[0]['msg']}"
        raise RunError(what, "was it made by another version?") from error
    finally:
        for one in (*begun.values(), *([refused] if refused else [])):
            with suppress(OSError):
                one.drop()
