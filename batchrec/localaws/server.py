"""Start and stop the local AWS, and say how to reach it."""

import socket
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from batchrec.clock import VirtualClock
from batchrec.errors import BatchrecError
from batchrec.localaws import glue, moto_patches, runtime
from batchrec.localaws.calls import CallLog, Observer
from batchrec.localaws.cloudcontrol import urls as cloudcontrol_urls
from batchrec.localaws.cloudformation import CloudFormationResponse
from batchrec.localaws.control import Control
from batchrec.localaws.faults import Faults
from batchrec.localaws.personalize import urls as personalize_urls
from batchrec.localaws.personalize.quotas import Quotas
from batchrec.localaws.router import Router
from batchrec.localaws.runtime import Durations, Runtime
from batchrec.localaws.stepfunctions.responses import StepFunctionsResponse

ACCOUNT_ID = "123456789012"  # moto's default account
REGION = "us-east-1"

# Paths by signing name; everything else goes to moto.
SERVICES = {
    "cloudcontrolapi": cloudcontrol_urls.url_paths,
    "cloudformation": {"{0}/$": CloudFormationResponse.dispatch},
    "glue": {"{0}/$": glue.GlueResponse.dispatch},
    "personalize": personalize_urls.url_paths,
    "states": {"{0}/$": StepFunctionsResponse.dispatch},
}


class LocalAws:
    """The local AWS, on loopback only; a context manager.

    Attributes:
        clock: its virtual time.
        faults: what is to go wrong (batchrec.localaws.faults).
        calls: the log of its calls (batchrec.localaws.calls).

    Args:
        port: TCP port on 127.0.0.1; 0 takes a free one.
        durations: modelled durations of the jobs, in virtual seconds.
        quotas: those of Amazon Personalize.

    Raises:
        BatchrecError: the port is taken, or a local AWS already runs in this process.
    """

    _running = threading.Lock()

    def __init__(
        self, port: int = 0, durations: Durations | None = None, quotas: Quotas | None = None
    ) -> None:
        self.clock = VirtualClock()
        self.faults = Faults()
        self.calls = CallLog()
        self._port = port
        self._durations = durations or Durations()
        self._quotas = quotas or Quotas()
        self._server: BaseWSGIServer | None = None
        self._work: tempfile.TemporaryDirectory[str] | None = None

    @property
    def endpoint(self) -> str:
        """The endpoint URL of every service."""
        if self._server is None:
            raise BatchrecError("The local AWS is not running: call start() first.")
        return f"http://127.0.0.1:{self._server.port}"

    def start(self) -> Self:
        """Start serving, with nothing in the account."""
        if not self._running.acquire(blocking=False):
            raise BatchrecError("A local AWS already runs in this process; stop it first.")
        if self.clock.closed:
            self.clock = VirtualClock()
        try:
            listener = socket.create_server(("127.0.0.1", self._port))
        except OSError as error:
            self._running.release()
            raise BatchrecError(
                f"The local AWS can't listen on 127.0.0.1:{self._port}: the port is taken or not"
                " permitted. Choose another one, or 0 for a free one."
            ) from error
        with listener:
            self.faults.clear()
            self.calls.clear()
            router = Router(SERVICES, Control(self.clock, self.faults, self.calls))
            self._server = make_server(
                "127.0.0.1",
                self._port,
                Observer(router, self.faults, self.calls, self.clock.time),
                threaded=True,
                request_handler=_QuietRequestHandler,
                fd=listener.fileno(),  # given none, werkzeug prints and exits when a port is taken
            )
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        default_user_config["stepfunctions"] = {"execute_state_machine": True}
        moto_patches.apply(self.clock, self.endpoint)
        self._work = tempfile.TemporaryDirectory(prefix="batchrec-localaws-")
        work = Path(self._work.name)
        runtime.enter(
            Runtime(self.clock, self.endpoint, work, self._durations, self._quotas, self.faults)
        )
        BackendDict.reset()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop serving and forget everything; harmless when it isn't running."""
        if self._server is None or self._work is None:
            return
        glue.stop_all_runs()
        self.clock.close()
        self._server.shutdown()
        self._server.server_close()
        self._server = None
        runtime.enter(None)
        self._work.cleanup()
        self._running.release()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def client(self, service: str, region: str = REGION) -> Any:
        """Return a boto3 client of this local AWS."""
        return runtime.current().client(service, region)

    def environment(self) -> dict[str, str]:
        """Return the variables that point boto3, the AWS CLI and Terraform here."""
        return runtime.environment(self.endpoint, REGION)


class _QuietRequestHandler(MotoRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Requests are not news."""
