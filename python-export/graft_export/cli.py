"""The commands ``graft-export``, ``graft-import`` and ``graft-verify``."""

import argparse
import dataclasses
import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graft_export.errors import GraftError, UsageError, one_line

VERBOSE = "--verbose"


def export_command() -> int:
    """Entry point of ``graft-export``."""
    return _run(_export_parser(), _export)


def import_command() -> int:
    """Entry point of ``graft-import``."""
    return _run(_import_parser(), _import)


def verify_command() -> int:
    """Entry point of ``graft-verify``."""
    return _run(_verify_parser(), _verify)


def _run(parser: argparse.ArgumentParser, command: Callable[[Any], None]) -> int:
    options = parser.parse_args()
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        command(options)
    except GraftError as error:
        return _fail(str(error), error.exit_code, options.verbose)
    except MemoryError:
        return _fail("There is not enough memory for this model.", 1, options.verbose)
    except OSError as error:
        return _fail(one_line(error), 1, options.verbose)
    return 0


def _fail(message: str, exit_code: int, verbose: bool) -> int:
    if verbose:
        traceback.print_exc()
    print(message, file=sys.stderr)
    return exit_code


def _export_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="graft-export",
        description="Exports a Keras model as a SavedModel that Graft trains on.",
    )
    parser.add_argument(
        "name", nargs="?", help="a model of keras.applications (vgg16, …) or efficientnet-lite0"
    )
    parser.add_argument("--model", type=Path, metavar="FILE", help="a .keras file instead")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write")
    parser.add_argument(
        "--weights",
        metavar="imagenet|none|FILE",
        help="imagenet (the default), none (lively random ones), or a file",
    )
    parser.add_argument("--seed", type=int, help="seed of --weights none (1)")
    parser.add_argument(
        "--input-size", type=_size, metavar="HxW", help="height and width of the input, or one N"
    )
    parser.add_argument("--include-top", action="store_true", help="with the classifier")
    parser.add_argument(
        "--classes", type=_positive, metavar="N", help="classes of the classifier (1000)"
    )
    parser.add_argument(
        "--preparation",
        choices=["caffe", "tf", "torch", "rescale", "pil-nearest", "none"],
        help="how images were prepared for --model",
    )
    parser.add_argument(
        "--with-training",
        action="store_true",
        help="add what graft train --batch-norm training needs: batch statistics and dropout",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an existing output")
    return _with_common_options(parser)


def _import_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="graft-import",
        description="Makes a Keras model, its weights or an ONNX model of what Graft trained.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="a run, or the model in it")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="what to write, by its ending: .keras, .npz, .safetensors or .onnx",
    )
    parser.add_argument("--onnx", action="store_true", help="write ONNX, whatever the ending")
    parser.add_argument(
        "--backbone",
        type=Path,
        metavar="FILE",
        help="the .keras file that was exported, where the backbone came from one",
    )
    parser.add_argument(
        "--with-preparation",
        action="store_true",
        help="with layers that prepare decoded images: resize and scale",
    )
    parser.add_argument(
        "--optimizer",
        action="store_true",
        help="compiled, with the optimizer as the run left it (MODEL must be a run)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")
    return _with_common_options(parser)


def _verify_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="graft-verify",
        description="Checks the hashes of a handoff and computes its golden samples again.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="a SavedModel with handoff.json")
    return _with_common_options(parser)


def _with_common_options(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(VERBOSE, action="store_true", help="show the stack trace of an error")
    return parser


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)(?:x(\d+))?", text)
    if match is None or not int(match[1]) or match[2] == "0":
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 224 or 150x200")
    return int(match[1]), int(match[2] or match[1])


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def _export(options: argparse.Namespace) -> None:
    _require_sense(options)
    # Imported late: TensorFlow takes seconds to load, which --help should not.
    from graft_export import export

    export.require_free(options.out, options.overwrite)
    manifest = export.export(
        _source(options), options.out, options.overwrite, options.with_training
    )
    if options.json:
        print(json.dumps({"out": os.fspath(options.out), **dataclasses.asdict(manifest.model)}))
    else:
        print(f"{options.out}: {manifest.model.name}, {manifest.model.parameters:,} parameters")


def _require_sense(options: argparse.Namespace) -> None:
    if (options.name is None) == (options.model is None):
        raise UsageError("Say what to export: the name of a backbone, or --model FILE.keras.")
    useless: tuple[str, ...]
    if options.model is not None:
        useless = ("weights", "seed", "include_top", "classes")
        reason = "has no meaning with --model"
    else:
        useless = ("preparation",)
        reason = "is only for --model: the preparation of a named backbone is known"
    for option in useless:
        if getattr(options, option):
            raise UsageError(f"--{option.replace('_', '-')} {reason}.")
    if options.classes and not options.include_top:
        raise UsageError("--classes needs --include-top: only the classifier has classes.")
    if options.seed is not None and options.weights != "none":
        raise UsageError("--seed is for --weights none: other weights are not random.")
    if options.seed is not None and options.seed < 0:
        raise UsageError(f"--seed should be 0 or more but is {options.seed}.")


def _source(options: argparse.Namespace) -> Any:
    from graft_export import applications, source
    from graft_export.progress import say

    if options.model is None:
        return applications.build(
            applications.Request(
                name=options.name,
                weights=options.weights or "imagenet",
                seed=1 if options.seed is None else options.seed,
                input_size=options.input_size,
                include_top=options.include_top,
                classes=options.classes or applications.IMAGENET_CLASSES,
            )
        )
    read = source.read_keras_file(options.model, options.input_size, options.preparation)
    if read.preparation and not read.preparation.in_graph and not options.preparation:
        say(
            f"{options.model} does not scale its pixels itself: the handoff says that they are "
            "taken as they are, 0 to 255; if they were prepared for training, add --preparation."
        )
    return read


def _verify(options: argparse.Namespace) -> None:
    from graft_export import verify

    verification = verify.verify(options.model)
    if options.json:
        print(json.dumps(dataclasses.asdict(verification)))
    else:
        print(verify.table(verification))


def _import(options: argparse.Namespace) -> None:
    ending = ".onnx" if options.onnx else options.out.suffix
    _require_ending(options, ending)
    if options.out.exists() and not (options.overwrite and options.out.is_file()):
        raise GraftError(
            f"{options.out} exists: choose another --out, or replace it with --overwrite."
            if not options.out.is_dir()
            else f"{options.out} is a folder: --out should be a file."
        )
    _print_report(options, _imported(options, ending))


_KERAS_OPTIONS = ("backbone", "with_preparation", "optimizer")


def _require_ending(options: argparse.Namespace, ending: str) -> None:
    if ending not in (".keras", ".npz", ".safetensors", ".onnx"):
        raise UsageError(
            f"{options.out} should end in .keras, .npz, .safetensors or .onnx: "
            "the ending says what to write."
        )
    for option in _KERAS_OPTIONS:
        if ending != ".keras" and getattr(options, option):
            raise UsageError(f"--{option.replace('_', '-')} is for a .keras file.")


def _imported(options: argparse.Namespace, ending: str) -> dict[str, Any]:
    """Writes the file and returns what there is to say of it."""
    from graft_export import importing, onnx_model, weights
    from graft_export.trained import Trained

    trained = Trained.read(options.model)
    report: dict[str, Any] = {"out": os.fspath(options.out), "model": trained.manifest.model.name}
    if ending in (".npz", ".safetensors"):
        return {**report, "variables": weights.write_weights(trained, options.out)}
    if ending == ".onnx":
        agreements = onnx_model.write_onnx(trained, options.out)
        return {**report, "variables": len(trained.variables), "agreements": _maps(agreements)}
    wanted = importing.KerasOptions(options.backbone, options.with_preparation, options.optimizer)
    agreements = importing.write_keras(trained, options.out, wanted)
    return {
        **report,
        "variables": len(trained.variables),
        "agreements": _maps(agreements),
    }


def _maps(agreements: list[Any]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(one) for one in agreements]


def _print_report(options: argparse.Namespace, report: dict[str, Any]) -> None:
    if options.json:
        print(json.dumps(report))
        return
    agreements = report.get("agreements", [])
    golden = ", ".join(
        f"{one['output']} within {one['relative_difference']:.1e} of the golden ones"
        for one in agreements
    )
    print(
        f"{report['out']}: {report['model']}, {report['variables']} variables"
        + (f", {golden}" if golden else "")
    )
