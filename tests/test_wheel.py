"""What is published works by itself: the wheel, in a clean environment, far from the checkout."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def uv() -> str:
    """Return uv, which builds the wheel and the environment; skip where it is absent."""
    found = shutil.which("uv") or str(ROOT / ".cache" / "boot" / "bin" / "uv")
    if not Path(found).exists():
        reason = "needs uv on the path to build and install the wheel"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.mark.slow
def test_the_wheel_alone_makes_a_sample_and_predicts_it(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    environment["UV_SYSTEM_CERTS"] = "1"

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(uv(), "build", "-q", "--wheel", "--out-dir", str(tmp_path / "dist"), str(ROOT))
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    run(uv(), "venv", "-q", "--python", "3.11", str(tmp_path / "env"))
    scripts = "Scripts" if os.name == "nt" else "bin"
    python = tmp_path / "env" / scripts / "python"
    run(uv(), "pip", "install", "-q", "--python", str(python), str(wheel))
    infraplan = str(python.with_name("infraplan"))
    run(infraplan, "sample", "mẫu")
    told = run(
        infraplan, "--lang", "en", "coverage", "mẫu", "--technology", "4G", "--operator", "any",
        "--resolution", "120",
    )  # fmt: skip
    assert "Share of people covered outdoors" in told
