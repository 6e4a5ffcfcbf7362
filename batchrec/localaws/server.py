"""Start and stop the local AWS, and say how to reach it."""

import socket
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from batchrec.clock import VirtualClock
from batchrec.errors import BatchrecError
from batchrec.localaws import glue, moto_patches, runtime, saved
from batchrec.localaws.authorization.sessions import Sessions
from batchrec.localaws.calls import CallLog
from batchrec.localaws.cloudcontrol import urls as cloudcontrol_urls
from batchrec.localaws.cloudformation import CloudFormationResponse
from batchrec.localaws.control import Control
from batchrec.localaws.faults import Faults
from batchrec.localaws.observer import Observer
from batchrec.localaws.personalize import urls as personalize_urls
from batchrec.localaws.personalize.quotas import Quotas
from batchrec.localaws.router import Router
from batchrec.localaws.runtime import Durations, Runtime
from batchrec.localaws.state_file import Index, Parts, StateFile
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
        attachments: files by name that are saved with the account's state.

    Args:
        port: TCP port on 127.0.0.1; 0 takes a free one.
        durations: modelled durations of the jobs, in virtual seconds.
        quotas: those of Amazon Personalize.
        state: file with what an earlier local AWS left (batchrec.localaws.saved); taken over at the
            start, written at the end. Time goes on from there, or from now if that is later.

    Raises:
        BatchrecError: the port is taken, a local AWS already runs in this process, or the state
            can't be used (batchrec.localaws.state_file).
    """

    _running = threading.Lock()

    def __init__(
        self,
        port: int = 0,
        durations: Durations | None = None,
        quotas: Quotas | None = None,
        state: Path | None = None,
    ) -> None:
        self.clock = VirtualClock()
        self.attachments: dict[str, bytes] = {}
        self.faults = Faults()
        self.calls = CallLog()
        self._port = port
        self._durations = durations or Durations()
        self._quotas = quotas or Quotas()
        self._server: BaseWSGIServer | None = None
        self._state = state
        self._state_file: StateFile | None = None
        self._work: tempfile.TemporaryDirectory[str] | None = None

    @property
    def endpoint(self) -> str:
        """The endpoint URL of every service."""
        if self._server is None:
            raise BatchrecError("The local AWS is not running: call start() first.")
        return f"http://127.0.0.1:{self._server.port}"

    def start(self) -> Self:
        """Start serving, with what the state file has in the account, or nothing."""
        if not self._running.acquire(blocking=False):
            raise BatchrecError("A local AWS already runs in this process; stop it first.")
        with ExitStack() as undo:  # what is done, should a later step fail
            undo.callback(self._running.release)
            saved_time = 0.0
            if self._state is not None:
                self._state_file = undo.enter_context(StateFile(self._state))
                saved_time = self._state_file.time
            if self.clock.closed or saved_time:
                self.clock = VirtualClock(max(saved_time, time.time()))
            self._listen()
            undo.callback(self._forget)
            self.attachments = {}
            if self._state_file is not None:
                self._state_file.load(self._take)
            undo.pop_all()
        assert self._server is not None  # noqa: S101
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def _take(self, index: Index, parts: Parts) -> None:
        self.attachments = saved.take(index, parts)

    def _listen(self) -> None:
        """Take the port, and make everything ready for calls."""
        try:
            listener = socket.create_server(("127.0.0.1", self._port))
        except OSError as error:
            raise BatchrecError(
                f"The local AWS can't listen on 127.0.0.1:{self._port}: the port is taken or not"
                " permitted. Choose another one, or 0 for a free one."
            ) from error
        with listener:
            self.faults.clear()
            self.calls.clear()
            sessions = Sessions()
            router = Router(SERVICES, Control(self.clock, self.faults, self.calls))
            self._server = make_server(
                "127.0.0.1",
                self._port,
                Observer(router, self.faults, self.calls, sessions, self.clock.time),
                threaded=True,
                request_handler=_RequestHandler,
                fd=listener.fileno(),  # given none, werkzeug prints and exits when a port is taken
            )
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        default_user_config["stepfunctions"] = {"execute_state_machine": True}
        moto_patches.apply(self.clock)
        self._work = tempfile.TemporaryDirectory(prefix="batchrec-localaws-")
        work = Path(self._work.name)
        runtime.enter(
            Runtime(
                self.clock,
                self.endpoint,
                work,
                self._durations,
                self._quotas,
                self.faults,
                self.calls,
                sessions,
            )
        )
        BackendDict.reset()

    def stop(self) -> None:
        """Stop serving, save the state and forget everything; harmless when it isn't running.

        Raises:
            BatchrecError: the state can't be written; everything else is done.
        """
        if self._server is None:
            return
        glue.stop_all_runs()
        now = self.clock.time()
        self.clock.close()
        self._server.shutdown()
        with ExitStack() as ends:
            ends.callback(self._running.release)
            ends.callback(self._forget)
            if self._state_file is not None:
                file = ends.enter_context(self._state_file)
                file.save(lambda parts: saved.give(now, self.attachments, parts))

    def _forget(self) -> None:
        assert self._server is not None  # noqa: S101
        assert self._work is not None  # noqa: S101
        self.clock.close()
        self._server.server_close()
        self._server = None
        runtime.enter(None)
        self._work.cleanup()

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


class _RequestHandler(MotoRequestHandler):
    # Head and body go out at once. On a busy machine, the SDK for Go sometimes closes a connection
    # as soon as it has the head (aws-sdk-go-v2, issue 2737), and asks again for what was done.
    wbufsize = 64 * 1024

    def handle_expect_100(self) -> bool:
        """Whoever asks to go on waits for the answer."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def finish(self) -> None:
        """A caller who left before the answer is no news either."""
        with suppress(ConnectionError):
            self.wfile.close()
        super().finish()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Requests are not news."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Answers bear the virtual time, as those of AWS bear its own."""
        return super().date_time_string(
            runtime.current().clock.time() if timestamp is None else timestamp
        )
