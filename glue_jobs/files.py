"""Files behind URLs, on whatever file system the scheme names: S3 under Glue, local elsewhere."""

from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, DataFrameWriter, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - PySpark's own convention

# Personalize does not document what an import does with objects that are not CSV, so none may lie
# beside the data: no _SUCCESS, and no .crc where the URL is a local path. The fs.file settings only
# concern the file scheme; the uncached instance keeps the session's own file system as it is.
HADOOP_OPTIONS = {
    "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    "fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
    "fs.file.impl.disable.cache": "true",
}
_LINE_BYTES = 100_000


def writer(frame: DataFrame) -> DataFrameWriter:
    """Return a writer that leaves nothing but data."""
    return frame.write.mode("overwrite").options(**HADOOP_OPTIONS)


def write_lines(lines: DataFrame, url: str, header: str) -> None:
    """Write a frame of one string column as .csv files that each start with `header`.

    The lines are complete: Spark's own quoting is not Personalize's.
    """
    # Whatever of these occurs in a line would be quoted; line ends never do.
    options = {"sep": "\n", "quote": "\r", "comment": "\r", "header": "true"}
    options |= {"ignoreLeadingWhiteSpace": "false", "ignoreTrailingWhiteSpace": "false"}
    writer(lines.toDF(header)).options(**options).csv(url)
    # Spark writes a first file even if there is nothing in it.
    spark = lines.sparkSession
    for file, size in sizes(spark, url).items():
        if size <= len(header.encode()) + 1:
            delete(spark, file)


@dataclass(frozen=True)
class Lines:
    """The lines of all files under one URL."""

    count: int
    fingerprint: str  # 32 hexadecimal digits; of the same lines in any order and files, the same


def lines(spark: SparkSession, url: str, header: str | None = None) -> Lines:
    """Count the lines under `url`, those that are `header` left out, and take their fingerprint."""
    if not sizes(spark, url):
        return Lines(0, "0" * 32)
    # Sums do not depend on the order; outside ANSI mode they wrap around.
    hashes = (F.xxhash64("value"), F.xxhash64("value", F.lit(1)))
    totals = (F.coalesce(F.sum(each), F.lit(0)) for each in hashes)
    found = spark.read.text(url)
    if header is not None:
        found = found.where(F.col("value") != header)
    count, *sums = found.agg(F.count(F.lit(1)), *totals).collect()[0]
    return Lines(count, "".join(f"{each % 2**64:016x}" for each in sums))


def sizes(spark: SparkSession, url: str) -> dict[str, int]:
    """Return the bytes of each file under `url`, by its URL; without those that Spark ignores."""
    path, file_system = _hadoop_path(spark, url)
    if not file_system.exists(path):
        return {}
    found = {}
    listed = file_system.listFiles(path, True)
    while listed.hasNext():
        status = listed.next()
        name = status.getPath().getName()
        if not name.startswith(("_", ".")):
            found[status.getPath().toString()] = int(status.getLen())
    return found


def first_line(spark: SparkSession, url: str) -> bytes | None:
    """Return a file's first line without its end, unpacked if its name says so; None if empty."""
    jvm: Any = spark._jvm
    path, file_system = _hadoop_path(spark, url)
    codecs = jvm.org.apache.hadoop.io.compress.CompressionCodecFactory(file_system.getConf())
    codec = codecs.getCodec(path)
    stream = file_system.open(path)
    try:
        text = jvm.org.apache.hadoop.io.Text()
        reader = jvm.org.apache.hadoop.util.LineReader(
            codec.createInputStream(stream) if codec else stream
        )
        consumed = reader.readLine(text, _LINE_BYTES, _LINE_BYTES)
        return bytes(text.copyBytes()) if consumed else None
    finally:
        stream.close()


def delete(spark: SparkSession, url: str) -> None:
    """Delete a file or a prefix, if it is there."""
    path, file_system = _hadoop_path(spark, url)
    file_system.delete(path, True)


def read_bytes(spark: SparkSession, url: str) -> bytes | None:
    """Return the content of one small file; None if it isn't there."""
    path, file_system = _hadoop_path(spark, url)
    if not file_system.exists(path):
        return None
    stream = file_system.open(path)
    try:
        return bytes(stream.readAllBytes())
    finally:
        stream.close()


def write_text(spark: SparkSession, url: str, text: str) -> None:
    """Write one small file, of which readers see the whole or nothing.

    An object in S3 appears when it is complete; a local file is completed under another name.
    """
    path, file_system = _hadoop_path(spark, url)
    is_local = file_system.getUri().getScheme() == "file"
    written = path.suffix(".part") if is_local else path
    stream = file_system.create(written, True)
    try:
        stream.write(bytearray(text, "utf-8"))
    finally:
        stream.close()
    if is_local and not file_system.rename(written, path):
        raise OSError(f"{written} could not be renamed to {path}.")


def _hadoop_path(spark: SparkSession, url: str) -> tuple[Any, Any]:
    """Return the Hadoop path of `url` and its file system."""
    jvm: Any = spark._jvm
    configuration = jvm.org.apache.hadoop.conf.Configuration(spark._jsc.hadoopConfiguration())
    for key, value in HADOOP_OPTIONS.items():
        configuration.set(key, value)
    path = jvm.org.apache.hadoop.fs.Path(url)
    return path, path.getFileSystem(configuration)
