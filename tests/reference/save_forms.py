"""Saves tensors with torch.save in the forms that models come in, and files that are no tensors.

    save_forms.py FOLDER

FOLDER/FORM.bin are the files, FOLDER/expected.safetensors holds their tensors as FORM.NAME;
FOLDER/refused/NAME.bin are files that hold more than tensors, FOLDER/refused.json {NAME: what an
error must name}. Exits with 77 where a package is missing. tests/golden/interop_test.cc runs this.
"""
import json
import sys
from pathlib import Path

MISSING_PACKAGE = 77

try:
    import numpy
    import torch
    from safetensors.torch import save_file
except ImportError as error:
    print(f"save_forms.py: {error}", file=sys.stderr)
    sys.exit(MISSING_PACKAGE)


def forms(network):
    """Contents by name, and the arguments of torch.save."""
    grid = torch.arange(6.0).reshape(2, 3)
    views = {"turned": grid.t(), "row": grid[1], "expanded": grid[:1].expand(4, 3),
             "step": grid[:, ::2], "scalar": torch.tensor(3.0), "empty": torch.zeros(0, 5)}
    types = {str(t)[6:]: grid.to(t) for t in (
        torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
        torch.int16, torch.int8, torch.uint8, torch.bool)}
    return {"state_dict": (network.state_dict(), {}), "views": (views, {}), "types": (types, {}),
            "parameters": (dict(network.named_parameters()), {}),
            "protocol_4": (network.state_dict(), {"pickle_protocol": 4}),
            "protocol_5": (network.state_dict(), {"pickle_protocol": 5})}


def refused(network):
    """Contents, arguments of torch.save and what must be named."""
    grid = torch.ones(2, 3)
    return {"module": (network, {}, "torch.nn.modules.container.Sequential"),
            "array": ({"a": numpy.ones(3)}, {}, "numpy"),
            "nested": ({"model": network.state_dict()}, {}, "str -> dict"),
            "number": ({"a": grid, "step": 3}, {}, "str -> int"),
            "list": ([grid], {}, "found list"),
            "sparse": ({"a": grid.to_sparse()}, {}, "_rebuild_sparse_tensor"),
            "complex": ({"a": grid.to(torch.complex64)}, {}, "ComplexFloatStorage"),
            "legacy": ({"a": grid}, {"_use_new_zipfile_serialization": False}, "PyTorch before 1.6")}


def main():
    folder = Path(sys.argv[1])
    (folder / "refused").mkdir()
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    expected = {}
    for name, (content, arguments) in forms(network).items():
        torch.save(content, folder / f"{name}.bin", **arguments)
        for key, tensor in content.items():
            expected[f"{name}.{key}"] = tensor.detach().clone().contiguous()
    save_file(expected, folder / "expected.safetensors")
    named = {}
    for name, (content, arguments, what) in refused(network).items():
        torch.save(content, folder / "refused" / f"{name}.bin", **arguments)
        named[name] = what
    (folder / "refused.json").write_text(json.dumps(named))


if __name__ == "__main__":
    main()
