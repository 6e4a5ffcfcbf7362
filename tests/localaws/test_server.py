"""The server: who it listens to, how it refuses, and what starting and stopping leave."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import textwrap
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from raw_http import ask

from batchrec.errors import BatchrecError
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)


def run_python(code: str, environment: dict[str, str] | None = None) -> Any:
    """Run code in a process of its own, where no local AWS runs yet; return the JSON it prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=environment if environment is not None else dict(os.environ),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def port_of(aws: LocalAws) -> int:
    return int(aws.endpoint.rpartition(":")[2])


# --- listening ------------------------------------------------------------------------------------


def test_it_listens_on_loopback_only(local_aws: LocalAws) -> None:
    wanted = f"{port_of(local_aws):04X}"
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [local for _, local, _, state, *_ in sockets if state == "0A"]
    addresses = {local.split(":")[0] for local in listening if local.endswith(f":{wanted}")}
    assert addresses == {"0100007F"}  # 127.0.0.1, the lowest byte first


def test_head_and_body_of_an_answer_come_at_once(
    local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_head = BaseHTTPRequestHandler.flush_headers

    def dawdle(handler: BaseHTTPRequestHandler) -> None:
        send_head(handler)
        time.sleep(0.2)

    monkeypatch.setattr(BaseHTTPRequestHandler, "flush_headers", dawdle)
    with socket.create_connection(("127.0.0.1", port_of(local_aws)), timeout=60) as asking:
        asking.sendall(b"GET /_batchrec/clock HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        head, _, body = asking.recv(65536).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert f"Content-Length: {len(body)}".encode() in head


def test_who_asks_to_go_on_is_told_at_once(local_aws: LocalAws) -> None:
    """boto3 asks S3 before it sends an object, and would wait a second for the answer."""
    with socket.create_connection(("127.0.0.1", port_of(local_aws)), timeout=60) as asking:
        asking.sendall(
            b"POST /_batchrec/clock HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"
            b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n"
        )
        assert asking.recv(65536).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        asking.sendall(b"{}")
        assert b"HTTP/1.1 200 OK\r\n" in asking.recv(65536)


def test_who_leaves_before_the_answer_is_not_reported(
    local_aws: LocalAws, capfd: pytest.CaptureFixture[str]
) -> None:
    at_once = struct.pack("ii", 1, 0)  # SO_LINGER: closing resets the connection
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port_of(local_aws)), timeout=60) as leaving:
            leaving.sendall(b"GET /_batchrec/clock HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    assert ask(local_aws, "/_batchrec/clock")[0] == 200
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(60)
    assert "Broken pipe" not in capfd.readouterr().err


# In a process of its own, as this one's local AWS runs already: lives of others, one by one.
LIVES = """
    import json, pathlib, socket
    from batchrec.errors import BatchrecError
    from batchrec.localaws import runtime
    from batchrec.localaws.personalize.quotas import Quotas
    from batchrec.localaws.server import LocalAws

    seen = {}

    # A port that is taken, then the same port.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        try:
            LocalAws(port=port).start()
        except BatchrecError as error:
            seen["taken"] = [port, str(error)]
    with LocalAws(port=port) as aws:
        seen["chosen"] = [port, aws.endpoint]

    with LocalAws(quotas=Quotas(solutions=20)):
        seen["solutions"] = runtime.current().quotas.solutions

    # Stopping in every state.
    aws = LocalAws()
    aws.stop()
    aws.start()
    aws.stop()
    aws.stop()

    # One account after the other, each left with work in progress.
    def account(aws):
        return [
            aws.client("s3").list_buckets()["Buckets"],
            aws.client("glue").list_jobs()["JobNames"],
            aws.client("stepfunctions").list_state_machines()["stateMachines"],
            aws.client("personalize").list_dataset_groups()["datasetGroups"],
            aws.client("cloudcontrol").list_resource_requests()["ResourceRequestStatusSummaries"],
        ]

    def fill(aws):
        s3, glue, machines = (aws.client(name) for name in ("s3", "glue", "stepfunctions"))
        s3.create_bucket(Bucket="bucket")
        body = f"import pathlib; pathlib.Path({str(STARTED)!r}).touch()"
        s3.put_object(Bucket="bucket", Key="script.py", Body=body.encode())
        command = {"Name": "glueetl", "ScriptLocation": "s3://bucket/script.py"}
        glue.create_job(Name="job", Role="role", GlueVersion="5.0", Command=command)
        states = {"Only": {"Type": "Wait", "Seconds": 86400, "End": True}}
        machine = machines.create_state_machine(
            name="machine",
            definition=json.dumps({"StartAt": "Only", "States": states}),
            roleArn="arn:aws:iam::123456789012:role/role",
        )
        aws.clock.hold()
        machines.start_execution(stateMachineArn=machine["stateMachineArn"])
        glue.start_job_run(JobName="job")
        aws.client("cloudcontrol").create_resource(
            TypeName="AWS::Personalize::DatasetGroup", DesiredState='{"Name": "group"}'
        )
        aws.client("personalize").create_dataset_group(name="another-group")

    seen["accounts"] = []
    first = LocalAws()
    for aws in (first, first, LocalAws()):
        with aws:
            seen["accounts"].append(account(aws))
            fill(aws)
            seen["accounts"].append(all(account(aws)))
        aws.clock.release()
        aws.clock.sleep(7200)
    seen["started"] = pathlib.Path(STARTED).exists()
    print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    started = tmp_path_factory.mktemp("lives") / "started"
    return dict(run_python(f"    STARTED = {str(started)!r}\n{LIVES}"))


@pytest.mark.xdist_group("lives")
def test_a_taken_port_is_explained(lives: dict[str, Any]) -> None:
    port, message = lives["taken"]
    assert f"127.0.0.1:{port}" in message


@pytest.mark.xdist_group("lives")
def test_the_port_that_was_asked_for_is_taken(lives: dict[str, Any]) -> None:
    port, endpoint = lives["chosen"]
    assert endpoint == f"http://127.0.0.1:{port}"


@pytest.mark.xdist_group("lives")
def test_quotas_can_be_raised(lives: dict[str, Any]) -> None:
    assert lives["solutions"] == 20


# --- what isn't emulated --------------------------------------------------------------------------

DATASET_GROUP = "arn:aws:personalize:us-east-1:123456789012:dataset-group/any"


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "named"),
    [
        # JSON protocol: our own services, one of moto's, one that moto lacks
        ("personalize", "list_campaigns", {}, "ListCampaigns"),
        (
            "personalize",
            "create_event_tracker",
            {"name": "any", "datasetGroupArn": DATASET_GROUP},
            "CreateEventTracker",
        ),
        ("glue", "list_blueprints", {}, "ListBlueprints"),
        ("stepfunctions", "update_map_run", {"mapRunArn": "arn:any"}, "UpdateMapRun"),
        ("athena", "list_engine_versions", {}, "ListEngineVersions"),
        ("snowball", "list_jobs", {}, "ListJobs"),
        # REST and JSON: a path that our own service, moto's service, and nobody has
        ("personalize-runtime", "get_recommendations", {}, "POST /recommendations"),
        ("lambda", "list_capacity_providers", {}, "/capacity-providers"),
        ("braket", "search_jobs", {"filters": []}, "POST /jobs"),
        # query protocol and EC2's
        ("cloudformation", "describe_publisher", {}, "describe_publisher"),
        (
            "iam",
            "get_organizations_access_report",
            {"JobId": str(uuid.uuid4())},
            "get_organizations_access_report",
        ),
        ("ec2", "describe_fpga_images", {}, "describe_fpga_images"),
        # REST and XML
        ("route53", "list_cidr_collections", {}, "GET /2013-04-01/cidrcollection"),
    ],
)
def test_what_is_not_emulated_is_refused_at_once(
    local_aws: LocalAws, service: str, operation: str, arguments: dict[str, Any], named: str
) -> None:
    """With boto3's own retries: an answer that it takes for a hiccup would be asked for again."""
    client = boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=local_aws.endpoint,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"mode": "standard", "max_attempts": 5}),
    )
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)(**arguments)
    response = refused.value.response
    assert response["Error"]["Code"] == "NotImplemented"
    assert named in response["Error"]["Message"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert response["ResponseMetadata"]["RetryAttempts"] == 0


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_no_retry_mode_asks_again(local_aws: LocalAws, mode: str) -> None:
    client = boto3.client(
        "personalize",
        region_name="us-east-1",
        endpoint_url=local_aws.endpoint,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"mode": mode, "max_attempts": 5}),
    )
    with pytest.raises(ClientError) as refused:
        client.list_campaigns()
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0


@pytest.mark.parametrize(
    ("scope", "target"),
    [
        ("personalize", "AmazonPersonalize.CreateWonder"),
        ("cloudcontrolapi", "CloudApiService.CreateWonder"),
        ("wonders", "Wonders.CreateWonder"),
    ],
)
def test_an_operation_that_no_sdk_knows_is_refused_too(
    local_aws: LocalAws, scope: str, target: str
) -> None:
    signed = f"AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/{scope}/aws4_request"
    headers = {"Authorization": signed, "X-Amz-Target": target}
    status, body = ask(local_aws, "/", b"{}", headers)
    assert status == 501
    assert target in body


def test_a_missing_resource_is_no_missing_operation(local_aws: LocalAws) -> None:
    """HTTP 404 is also what services say of resources."""
    with pytest.raises(ClientError) as refused:
        local_aws.client("scheduler").get_schedule(Name="nowhere")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
    with pytest.raises(ClientError) as refused:
        local_aws.client("s3").get_object(Bucket=f"nowhere-{uuid.uuid4()}", Key="key")
    assert refused.value.response["Error"]["Code"] == "NoSuchBucket"


# --- how to reach it ------------------------------------------------------------------------------


def test_the_environment_is_all_that_boto3_needs(local_aws: LocalAws) -> None:
    name = f"server-{uuid.uuid4()}"
    arn = run_python(
        f"""
        import boto3, json
        boto3.client("s3").create_bucket(Bucket="{name}")
        created = boto3.client("personalize").create_dataset_group(name="{name}")
        print(json.dumps(created["datasetGroupArn"]))
        """,
        local_aws.environment(),
    )
    assert arn == f"arn:aws:personalize:us-east-1:123456789012:dataset-group/{name}"
    assert name in {bucket["Name"] for bucket in local_aws.client("s3").list_buckets()["Buckets"]}


def test_the_environment_hides_the_persons_own_account(local_aws: LocalAws, tmp_path: Path) -> None:
    folder = tmp_path / ".aws"
    folder.mkdir()
    (folder / "config").write_text("[default]\nregion = eu-west-1\nrole_arn = arn:mine\n")
    (folder / "credentials").write_text("[default]\naws_access_key_id = mine\n")
    seen = run_python(
        """
        import boto3, json
        session = boto3.Session()
        print(json.dumps([session.region_name, session.get_credentials().access_key]))
        """,
        {"HOME": str(tmp_path)} | local_aws.environment(),
    )
    assert seen == ["us-east-1", "local"]


def test_its_own_clients_read_nothing_of_the_persons_configuration(
    local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_PROFILE": "that-is-not-there",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_SESSION_TOKEN": "mine",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    fresh = local_aws.client("sts", "eu-west-1")  # clients are kept: one of another Region is new
    assert fresh.get_caller_identity()["Account"] == "123456789012"


def test_before_it_runs_it_has_no_endpoint() -> None:
    with pytest.raises(BatchrecError, match="not running"):
        _ = LocalAws().endpoint


# --- starting and stopping ------------------------------------------------------------------------


def test_one_at_a_time_in_a_process(local_aws: LocalAws) -> None:
    with pytest.raises(BatchrecError, match="already runs"):
        LocalAws().start()
    assert local_aws.client("s3").list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.xdist_group("lives")
def test_every_start_has_an_empty_account(lives: dict[str, Any]) -> None:
    assert lives["accounts"] == [[[]] * 5, True] * 3


@pytest.mark.xdist_group("lives")
def test_a_run_that_has_not_started_its_script_never_does(lives: dict[str, Any]) -> None:
    """Stopped while Glue starts the run: the script would outlive the local AWS."""
    assert lives["started"] is False


SCRIPT = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pids = pathlib.Path(sys.argv[sys.argv.index("--pids") + 1])
pids.with_suffix(".new").write_text(f"{os.getpid()} {child.pid}")
pids.with_suffix(".new").rename(pids)
time.sleep(600)
"""

STOP_A_RUN = """
    import json, os, pathlib, tempfile, time
    from batchrec.localaws.server import LocalAws

    os.environ["TMPDIR"] = tempfile.tempdir = {folder!r}
    pids = pathlib.Path({folder!r}, "pids")
    with LocalAws() as aws:
        s3, glue = aws.client("s3"), aws.client("glue")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="script.py", Body={script!r}.encode())
        glue.create_job(
            Name="job",
            Role="role",
            GlueVersion="5.0",
            Command={{"Name": "glueetl", "ScriptLocation": "s3://bucket/script.py"}},
            DefaultArguments={{"--pids": str(pids)}},
        )
        glue.start_job_run(JobName="job")
        deadline = time.monotonic() + 60
        while not pids.exists():
            assert time.monotonic() < deadline, "the script never started"
            time.sleep(0.02)
    print(json.dumps([int(pid) for pid in pids.read_text().split()]))
"""


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_stopping_kills_running_scripts_and_leaves_no_files(tmp_path: Path) -> None:
    pids = run_python(STOP_A_RUN.format(folder=str(tmp_path), script=SCRIPT))
    try:
        deadline = time.monotonic() + 30
        while any(map(alive, pids)):
            assert time.monotonic() < deadline, "the script or its child still runs"
            time.sleep(0.02)
        assert [path.name for path in tmp_path.iterdir()] == ["pids"]
    finally:
        for pid in filter(alive, pids):
            os.kill(pid, signal.SIGKILL)
