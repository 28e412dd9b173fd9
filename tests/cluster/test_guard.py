"""That nothing is left of services whose owner was killed."""

import signal
import subprocess
import sys

import psutil
import pytest

from tests.services import Nats, Postgres

OWNER = """
import sys, time
from folkmoot_server.demo.services import {kind}, running
with running({kind}) as service:
    print(service.process.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("kind", ["Nats", "Postgres"])
def test_a_service_ends_with_its_owner_however_that_ends(kind: str, postgres: Postgres, nats: Nats) -> None:
    """The fixtures are there for their skips."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER.format(kind=kind)], stdout=subprocess.PIPE, text=True)
    try:
        assert owner.stdout is not None
        service = psutil.Process(int(owner.stdout.readline()))
        assert service.is_running()
    finally:
        owner.send_signal(signal.SIGKILL)
        owner.communicate()
    psutil.wait_procs([service], timeout=60)
    assert not service.is_running() or service.status() == psutil.STATUS_ZOMBIE


def test_a_service_that_was_stopped_has_no_guard(nats: Nats) -> None:
    assert nats.process is not None
    pid = str(nats.process.pid)
    guards = [one for one in psutil.Process().children() if one.cmdline()[-1:] == [pid]]
    assert len(guards) == 1
    nats.stop()
    try:
        assert not guards[0].is_running()
    finally:
        nats.start()
