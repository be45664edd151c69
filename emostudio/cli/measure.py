"""The commands that measure: `evaluate` what the models reach, `bench` what they cost."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emostudio.studio import Studio

BENCHES = ("models", "listen", "map")
SUITES = ("ser", "speaker", "vocoder", "units", "speak", "zest", "clusters", "diemo")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to the command line."""
    evaluate = commands.add_parser("evaluate", help="measure what the models reach")
    evaluate.add_argument("--corpora", type=Path, help="real recordings, a folder for each corpus")
    evaluate.add_argument("--out", type=Path, required=True, help="folder for takes and report")
    evaluate.add_argument(
        "--suite",
        choices=(*SUITES, "ablations", "diemo-ablations"),
        action="append",
        help="one of them (all but the ablations)",
    )
    evaluate.add_argument(
        "--runs",
        type=Path,
        help="for ablations: RUNS/NAME/emomix; for zest: RUNS/NAME/zest; "
        "for diemo-ablations: RUNS/NAME/diemo",
    )
    evaluate.add_argument("--quick", action="store_true", help="less of everything: some minutes")
    evaluate.set_defaults(run=_evaluate)

    bench = commands.add_parser("bench", help="measure speed and memory on this machine")
    bench.add_argument(
        "--suite",
        choices=BENCHES,
        action="append",
        help="models: speed and memory; listen: 300 listeners at once; map: its waits (all)",
    )
    bench.add_argument("--repeats", type=int, default=5, help="a figure is their median (5)")
    bench.add_argument("--out", type=Path, help="JSON to write", metavar="JSON")
    bench.set_defaults(run=_bench)


def _evaluate(args: argparse.Namespace, studio: Studio) -> int:
    for folder in (args.corpora, args.runs):
        if folder is not None and not folder.is_dir():
            raise ValueError(f"There is no folder {folder}. Check the path.")
    from dataclasses import replace

    from emostudio.evaluation import page_diemo, page_zest, tables
    from emostudio.evaluation.report import Order, evaluate
    from emostudio.models.checkpoint import Store
    from emostudio.studio import Studio

    settings = studio.settings
    report = evaluate(
        Order(args.out, tuple(args.suite or SUITES), args.corpora, args.runs, args.quick),
        Store(settings.checkpoints, settings.models),
        lambda models: Studio(replace(settings, models=models)) if models else studio,
        say=lambda line: print(line, flush=True),
    )
    for tables_of in (page_zest.tables, page_diemo.tables):
        for table in tables_of(report, tables.brief):
            print(f"\n{tables.text(table)}\n")
    for goal in report["goals"]:
        sign = ">=" if goal["at_least"] else "<="
        met = "met" if goal["met"] else goal["why"] or "missed"
        print(f"{goal['name']}: {goal['reached']:.3g} ({sign} {goal['goal']:.3g}, {met})")
    for name, why in report["missing"].items():
        print(f"missing: {name}: {why}", file=sys.stderr)
    print(f"{args.out / 'report.html'}")
    return 0


def _bench(args: argparse.Namespace, studio: Studio) -> int:
    if args.repeats < 1:
        raise ValueError(f"repeats is {args.repeats}; give a number of 1 or more.")
    if args.out is not None and (args.out.is_dir() or not args.out.parent.is_dir()):
        raise ValueError(f"{args.out} can't be written; name a file in a folder that is there.")
    report: dict[str, Any] = {}
    suites = args.suite or BENCHES
    if "models" in suites:
        from emostudio.evaluation.bench import bench

        report = bench(studio, repeats=args.repeats, say=lambda line: print(line, flush=True))
    if "listen" in suites:
        from emostudio.studies.bench import load

        found = load()
        print("\n".join(found.rows()))
        report["listen"] = found.record()
    if "map" in suites:
        from emostudio.maps import bench as maps

        report["map"] = maps.bench(studio, repeats=args.repeats, say=lambda line: print(line))
    if args.out is not None:
        args.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0
