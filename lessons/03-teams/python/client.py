"""The client: three calls on one channel."""

import json
import re
import signal
import sys

import grpc
from teams_pb2 import TeamRequest
from teams_pb2_grpc import TeamsStub

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"


def run(addr: str) -> None:
    """Asks the server at `addr` (HOST:PORT) for the teams of three cities and prints them."""
    # gRPC takes more than HOST:PORT: without a port it goes to 443, for 99999 to 34463.
    parts = re.fullmatch(r"[!-~]+:([0-9]{1,5})", addr)
    if not parts or int(parts[1]) > 65535:
        sys.exit(f"error: {addr!r} is no address: give HOST:PORT")
    # Without the option, it would look for the server behind the `http_proxy` of the environment.
    options = [("grpc.enable_http_proxy", 0)]
    # ANCHOR: calls
    with grpc.insecure_channel(addr, options=options) as channel:
        stub = TeamsStub(channel)

        for city in ("Chicago", "Philadelphia", "Miami"):
            response = stub.GetTeam(TeamRequest(city=city))
            print(f"Teams client received: {response.city} {response.nickname}")
    # ANCHOR_END: calls


def explain(error: grpc.RpcError, addr: str) -> str:
    """What went wrong, in one line."""
    if error.code() is grpc.StatusCode.UNAVAILABLE:
        return f"no server at {addr}: start one with `python server.py`"
    name, description = error.code().name, error.code().value[1]
    return f"the server answered {name}: {json.dumps(error.details() or description)}"


def main() -> None:
    # As in Rust, each line leaves at once and in UTF-8, even if it goes into a pipe.
    sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback after Ctrl-C
    addr, *rest = sys.argv[1:] or [ADDR]
    if rest:
        sys.exit("error: say `python client.py [ADDR]`")
    try:
        run(addr)
    except grpc.RpcError as error:
        sys.exit(f"error: {explain(error, addr)}")
    except OSError as error:  # nobody takes what we print
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
