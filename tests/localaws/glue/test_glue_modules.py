"""Modules of a script's own: --extra-py-files."""

import io
import uuid
import zipfile

import pytest
from glue_world import Jobs, seen_by

pytestmark = pytest.mark.timeout(180)

IMPORTS = """
import first, second
print(first.NAME, second.NAME)
"""


def test_extra_python_files_can_be_imported(jobs: Jobs) -> None:
    """Glue Developer Guide, Using job parameters, --extra-py-files: complete paths, by commas."""
    urls = [
        jobs.put("libraries/first.py", "NAME = 'of a file'"),
        jobs.put("elsewhere/second.py", "import first\nNAME = f'beside the one {first.NAME}'"),
    ]
    jobs.put("libraries/second.py", "NAME = 'not asked for'")
    before = jobs.keys()
    ended = jobs.run(IMPORTS, {"--extra-py-files": ",".join(urls)})
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert jobs.log("output", ended) == ["of a file beside the one of a file"]
    left = {key for key in jobs.keys() - before if not key.startswith("scripts/")}
    assert left == set()  # what Python compiled, say


def test_an_extra_python_file_can_be_a_zip(jobs: Jobs) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("first.py", "NAME = 'of a zip'")
        file.writestr("second/__init__.py", "NAME = 'as a package'")
    jobs.s3.put_object(Bucket=jobs.bucket, Key="libraries.zip", Body=archive.getvalue())
    ended = jobs.run(IMPORTS, {"--extra-py-files": jobs.url("libraries.zip")})
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert jobs.log("output", ended) == ["of a zip as a package"]


def test_a_script_has_no_modules_but_those_it_is_given(jobs: Jobs) -> None:
    """On Glue what lies beside the script in S3 isn't beside it where it runs."""
    for module in ("first", "second"):
        jobs.put(f"scripts/{module}.py", "NAME = 'beside the script'")
    ended = jobs.run(IMPORTS)
    assert ended["JobRunState"] == "FAILED"
    assert ended["ErrorMessage"] == "ModuleNotFoundError: No module named 'first'"


def test_a_script_is_told_urls_of_extra_python_files(jobs: Jobs) -> None:
    url = jobs.put("libraries/first.py", "raise ValueError(__file__)")
    assert seen_by(jobs, {"--extra-py-files": url})["arguments"]["--extra-py-files"] == url
    ended = jobs.run("import first", {"--extra-py-files": url})
    assert ended["ErrorMessage"] == f"ValueError: {url}"


def test_an_extra_python_file_that_is_not_there(jobs: Jobs) -> None:
    there = jobs.put("libraries/first.py", "")
    jobs.put("libraries/second.py/of-a-folder.py", "")
    for missing in (jobs.url("libraries/second.py"), f"s3://nowhere-{uuid.uuid4()}/second.py"):
        ended = jobs.run("", {"--extra-py-files": f"{there},{missing}"})
        assert ended["JobRunState"] == "FAILED"
        assert ended["ErrorMessage"].startswith(f"{missing} can't be read: there is no such")


@pytest.mark.parametrize("value", ["s3://bucket/libraries/", "s3://bucket/first.whl", "first.py"])
def test_an_extra_python_file_that_is_none(jobs: Jobs, value: str) -> None:
    ended = jobs.run("", {"--extra-py-files": value})
    assert ended["JobRunState"] == "FAILED"
    assert value in ended["ErrorMessage"]
    assert ".py and .zip" in ended["ErrorMessage"]


def test_sparks_workers_have_the_extra_python_files_too(jobs: Jobs) -> None:
    url = jobs.put("libraries/first.py", "def shout(text):\n    return text.upper()\n")
    ended = jobs.run(
        """
        from pyspark.sql import SparkSession
        from pyspark.sql import functions as F
        import first
        spark = SparkSession.builder.appName("test").getOrCreate()
        shout = F.udf(lambda text: __import__("first").shout(text))
        print(spark.range(1).select(shout(F.lit("loud"))).first()[0])
        """,
        {"--extra-py-files": url},
    )
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert jobs.log("output", ended) == ["LOUD"]
