"""The command line: `python -m benchmarks`, of which `make bench` is the short form."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks.plan import PARTS, SCALE_PARTS, Plan

DESCRIPTION = """\
Measure what a request costs, beside nginx and other gateways in the same run.

  run     CPU per request, throughput, added latency, memory, start-up, and a long run at half of the peak
  scale   several processes on one PostgreSQL, full tables, many users, reports,
          thousands of live streams
  conversations
          list, open, search and go on with conversations, when there are ten thousand of two hundred messages
  pages   write the documentation's pages anew from the results that are kept, without measuring
  translation
          what it takes to translate a call and an event, step by step, in this process and without a load
"""

EXAMPLES = """\
examples:
  python -m benchmarks --quick                          everything, roughly, in some minutes
  python -m benchmarks --only cost latency --gateways tollhouse nginx
  python -m benchmarks --write                          everything, and write docs/reference/benchmarks.md
  python -m benchmarks scale --only streams --write
  python -m benchmarks.peers install                    install the gateways to compare with

The machine should be quiet. Databases are made in the folder for temporary files (TMPDIR): a soak of ten minutes
writes some gigabytes there. The latest results are in .bench/.
"""


def main(words: Sequence[str] | None = None) -> int:
    """Do what the words say, those of the command line without any.

    Gives 1 when Tollhouse failed requests or did not last, and 2 when nothing can be measured here.
    """
    arguments = read_arguments(words)
    if arguments.command == "translation":
        from benchmarks.translation import measured

        sys.stdout.write(measured())
        return 0
    if not sys.platform.startswith("linux"):
        sys.stderr.write("Measuring needs Linux: processor time and memory are read from /proc.\n")
        return 2
    # Imported here, so that --help answers at once and everywhere.
    from benchmarks import pages
    from benchmarks.conversations import run as talking
    from benchmarks.processes import raise_open_files
    from benchmarks.run import KINDS, complaints, run
    from benchmarks.scale.run import run as run_scale

    raise_open_files()
    try:
        match arguments.command:
            case "run":
                results = run(plan_of(arguments, PARTS, [kind.name for kind in KINDS]))
                pages.COST.publish(results, is_kept=arguments.write)
                found = complaints(results)
                sys.stderr.writelines(f"{complaint}\n" for complaint in found)
                return 1 if found else 0
            case "scale":
                pages.SCALE.publish(run_scale(plan_of(arguments, SCALE_PARTS)), is_kept=arguments.write)
            case "conversations":
                talked = talking.run(plan_of(arguments, ()))
                pages.CONVERSATIONS.publish(talked, is_kept=arguments.write)
                found = talking.complaints(talked)
                sys.stderr.writelines(f"{complaint}\n" for complaint in found)
                return 1 if found else 0
            case "pages":
                for page in (pages.COST, pages.SCALE, pages.CONVERSATIONS):
                    page.rewrite()
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def read_arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "command",
        nargs="?",
        choices=("run", "scale", "conversations", "pages", "translation"),
        default="run",
        help="see above (run)",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="PART",
        help=f"only these parts: of run, {', '.join(PARTS)}; of scale, {', '.join(SCALE_PARTS)}",
    )
    parser.add_argument("--gateways", nargs="+", metavar="NAME", default=(), help="only these gateways of run")
    parser.add_argument("--rounds", type=int, help="interleaved rounds, of which the median counts (3; quick: 1)")
    parser.add_argument("--seconds", type=float, help="length of one measurement (3; quick: 0.5)")
    parser.add_argument("--soak-seconds", type=float, help="length of the long run (600; quick: 20)")
    parser.add_argument("--quick", action="store_true", help="everything is short, and the figures are rough")
    parser.add_argument("--write", action="store_true", help="keep the results, and write the documentation's page")
    return parser.parse_args(words)


def plan_of(arguments: argparse.Namespace, parts: Sequence[str], gateways: Sequence[str] = ()) -> Plan:
    """What the command line says, with what follows where it is silent. Exits when it names what there is not."""
    refuse_unknown(f"part of {arguments.command}", arguments.only or (), parts)
    refuse_unknown("gateway", arguments.gateways, gateways)
    is_quick = arguments.quick
    chosen = tuple(part for part in parts if not arguments.only or part in arguments.only)
    return Plan(
        parts=chosen,
        gateways=tuple(arguments.gateways),
        rounds=arguments.rounds or (1 if is_quick else 3),
        seconds=arguments.seconds or (0.5 if is_quick else 3.0),
        soak_seconds=arguments.soak_seconds or (20.0 if is_quick else 600.0),
        is_quick=is_quick,
        command=" ".join(["python -m benchmarks", *sys.argv[1:]]),
    )


def refuse_unknown(what: str, named: Sequence[str], known: Sequence[str]) -> None:
    if unknown := sorted(set(named) - set(known)):
        raise SystemExit(f"there is no {what} {', '.join(unknown)}: choose from {', '.join(known)}")


if __name__ == "__main__":
    sys.exit(main())
