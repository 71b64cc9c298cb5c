"""The CUDA back end compiles, without a GPU: kernels by nvcc for every generation that is shipped,
with what they need of a multiprocessor; the rest by g++ against LibTorch's CUDA headers."""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CUDA = ROOT / "server/engine/cuda"
PACKAGES = Path(sys.prefix) / f"lib/python{sys.version_info.major}.{sys.version_info.minor}"
PACKAGES /= "site-packages"
TOOLKIT = PACKAGES / "nvidia/cu13"
TORCH = PACKAGES / "torch"
COMPILER = os.environ.get("CXX", "g++")
GENERATIONS = ("80", "90", "100")  # NEMF_CUDA_ARCHITECTURES in cmake/torch.cmake
MAX_REGISTERS = 255  # of a thread; where a kernel needs more, it spills


@dataclass(frozen=True)
class Kernel:
    """What the assembler says of a kernel for one generation."""

    name: str
    generation: str
    registers: int
    stack_bytes: int
    spill_bytes: int


def find_nvcc() -> str:
    packaged = TOOLKIT / "bin/nvcc"
    nvcc = str(packaged) if packaged.exists() else shutil.which("nvcc")
    if nvcc is None:
        pytest.skip("NO NVCC: the kernels were not compiled; run deploy/install-deps test")
    return nvcc


def run(command: list[str]) -> str:
    """Runs a compiler; returns all that it prints."""
    done = subprocess.run(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
    return done.stdout


def parse_report(text: str) -> list[Kernel]:
    """The kernels in the output of `nvcc -Xptxas -v`."""
    kernels = []
    entry = re.compile(
        r"Compiling entry function '(?P<symbol>\w+)' for 'sm_(?P<generation>\d+)'.*?"
        r"(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, "
        r"(?P<loads>\d+) bytes spill loads.*?Used (?P<registers>\d+) registers",
        re.DOTALL,
    )
    for match in entry.finditer(text):
        # _ZN4nemf4cuda10CallKernelINS0_<length><name>EEE...: a template over the kernel's type.
        mangled = re.search(r"CallKernelINS0_(\d+)(\w+)", match["symbol"])
        name = mangled[2][: int(mangled[1])] if mangled else match["symbol"]
        kernels.append(
            Kernel(
                name,
                match["generation"],
                int(match["registers"]),
                int(match["stack"]),
                int(match["stores"]) + int(match["loads"]),
            )
        )
    return kernels


def table(kernels: list[Kernel]) -> str:
    """Registers (and bytes of stack) by kernel and generation."""
    by_name: dict[str, dict[str, Kernel]] = {}
    for kernel in kernels:
        by_name.setdefault(kernel.name, {})[kernel.generation] = kernel
    lines = [f"{'kernel':<20}" + "".join(f"{'sm_' + g:>16}" for g in GENERATIONS)]
    for name, found in sorted(by_name.items()):
        cells = (f"{found[g].registers} regs {found[g].stack_bytes:>3} B" for g in GENERATIONS)
        lines.append(f"{name:<20}" + "".join(f"{cell:>16}" for cell in cells))
    return "\n".join(lines)


def kernel_names() -> set[str]:
    """The kernels that launch.h has a wrapper for."""
    text = (CUDA / "kernels/launch.h").read_text(encoding="utf-8")
    return set(re.findall(r"Launch\(const (\w+)& kernel", text))


@pytest.mark.cuda_compile
def test_kernels_compile_for_every_generation_without_spills(tmp_path, capsys):
    nvcc = find_nvcc()
    flags = ["-ccbin", COMPILER, "-std=c++20", "-O3", "--fmad=false", "-Xcompiler=-fPIC"]
    for generation in GENERATIONS:
        flags += ["-gencode", f"arch=compute_{generation},code=sm_{generation}"]
    flags += ["-gencode", f"arch=compute_{GENERATIONS[-1]},code=compute_{GENERATIONS[-1]}"]
    sources = sorted(CUDA.glob("kernels/*.cu"))
    assert sources
    kernels = []
    for source in sources:
        output = tmp_path / f"{source.stem}.o"
        report = run(
            [nvcc, *flags, "-Xptxas", "-v", "-I", str(ROOT), "-c", str(source), "-o", str(output)]
        )
        kernels += parse_report(report)
    with capsys.disabled():
        print(f"\n{table(kernels)}")
    expected = {(name, generation) for name in kernel_names() for generation in GENERATIONS}
    assert {(kernel.name, kernel.generation) for kernel in kernels} == expected
    assert [kernel for kernel in kernels if kernel.spill_bytes > 0] == []
    assert all(0 < kernel.registers <= MAX_REGISTERS for kernel in kernels)


@pytest.mark.cuda_compile
def test_host_code_compiles_and_finds_its_symbols(tmp_path):
    if not (TORCH / "lib/libtorch_cuda.so").exists():
        pytest.skip("NO CUDA LIBRARIES of torch: run deploy/install-deps test")
    # Every kernel as the back end starts it.
    instances = tmp_path / "queue_instances.cc"
    instances.write_text(
        '#include "server/engine/cuda/runtime/queue.h"\n'
        + "".join(
            f"template absl::Status nemf::cuda::Queue::Run(int, const nemf::cuda::{name}&) const;\n"
            for name in sorted(kernel_names())
        )
    )
    sources = [
        instances,
        CUDA / "runtime/cuda_error.cc",
        CUDA / "runtime/cuda_runtime_torch.cc",
        CUDA / "cuda_backend_torch.cc",
    ]
    includes = [TORCH / "include", TORCH / "include/torch/csrc/api/include", TOOLKIT / "include"]
    flags = [
        "-std=c++20",
        "-fPIC",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-DNEMF_HAS_CUDA",
        "-I",
        str(ROOT),
    ]
    for include in includes:
        flags += ["-isystem", str(include)]

    def compile_one(source: Path) -> str:
        output = str(tmp_path / f"{source.stem}.o")
        run([COMPILER, *flags, "-c", str(source), "-o", output])
        return output

    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(compile_one, sources))
    assert undefined_elsewhere(objects, tmp_path) == []


def undefined_elsewhere(objects: list[str], tmp_path: Path) -> list[str]:
    """Symbols of CUDA and LibTorch that the objects need and their libraries do not have."""
    libraries = [
        TORCH / f"lib/lib{name}.so" for name in ("torch_cuda", "torch_cpu", "c10_cuda", "c10")
    ]
    libraries.append(TOOLKIT / "lib/libcudart.so.13")
    command = [COMPILER, "-shared", "-Wl,--no-undefined", "-o", str(tmp_path / "all.so"), *objects]
    command += [f"-Wl,-rpath-link,{TOOLKIT / 'lib'}", *map(str, libraries)]
    linked = subprocess.run(command, text=True, capture_output=True, check=False)
    missing = set(re.findall(r"undefined reference to `([^']+)'", linked.stderr))
    # These are of the project's other objects and of the distribution.
    return sorted(symbol for symbol in missing if not re.search(r"\b(nemf|absl)::", symbol))


def test_report_is_read_with_its_spills():
    text = """
ptxas info    : Compiling entry function '_ZN4nemf4cuda10CallKernelINS0_7FillPhiEEEvT_i' for 'sm_90'
ptxas info    : Function properties for _ZN4nemf4cuda10CallKernelINS0_7FillPhiEEEvT_i
    16 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 255 registers, used 0 barriers, 16 bytes cumulative stack size
"""
    assert parse_report(text) == [Kernel("FillPhi", "90", 255, 16, 20)]
