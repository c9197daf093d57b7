"""The server: it knows ten teams, and prints what comes with a request besides the message."""

import os
import re
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

# Read when gRPC is loaded: its own log would add a second line to our error messages.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc
import teams_pb2_grpc
from teams_pb2 import TeamRequest, TeamResponse

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"

# ANCHOR: teams
# Each city and the nickname of its team.
TEAMS = {
    "Chicago": "Jackals",
    "Detroit": "Wheels",
    "Minneapolis": "Nordics",
    "New York": "Metros",
    "Arizona": "Roadrunners",
    "San Francisco": "Stingers",
    "Seattle": "Orcas",
    "Los Angeles": "Pumas",
    "Philadelphia": "Foxes",
    "Boston": "Revolutionaries",
}
# ANCHOR_END: teams


# ANCHOR: servicer
class TeamsServicer(teams_pb2_grpc.TeamsServicer):
    """Implements the service `Teams`."""

    def GetTeam(self, request: TeamRequest, context: grpc.ServicerContext) -> TeamResponse:
        # gRPC has already taken out what every request has, such as `te` and `content-type`.
        print(dict(sorted(context.invocation_metadata())))

        nickname = TEAMS.get(request.city, "not a member")
        return TeamResponse(city=request.city, nickname=nickname)
# ANCHOR_END: servicer


def serve(addr: str = ADDR) -> None:
    """Serves on `addr` (HOST:PORT; port 0 is any free one) until Ctrl-C."""
    # Without the option, Linux lets several servers share a port, and each gets some of the calls.
    options = [("grpc.so_reuseport", 0)]
    server = grpc.server(ThreadPoolExecutor(max_workers=10), options=options)
    teams_pb2_grpc.add_TeamsServicer_to_server(TeamsServicer(), server)

    # gRPC takes more than HOST:PORT: without a port it listens on 443, for 99999 on 34463.
    parts = re.fullmatch(r"([!-~]+):([0-9]{1,5})", addr)
    try:
        if not parts or int(parts[2]) > 65535:
            raise RuntimeError
        port = server.add_insecure_port(addr)
    except RuntimeError:
        give = "give another HOST:PORT; port 0 is any free one"
        sys.exit(f"error: cannot listen on {addr!r}: {give}")

    def stop(*_: object) -> None:
        # Calls that are under way may finish; new ones are refused. A second Ctrl-C ends it all.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        server.stop(grace=threading.TIMEOUT_MAX)

    server.start()
    # In this order: whoever has read the line can rely on Ctrl-C.
    signal.signal(signal.SIGINT, stop)
    print(f"Server started, listening on {parts[1]}:{port}")
    server.wait_for_termination()


if __name__ == "__main__":
    # As in Rust, each line leaves at once and in UTF-8, even if it goes into a pipe.
    sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)
    if len(sys.argv) > 2:
        sys.exit("error: say `python server.py [ADDR]`")
    try:
        serve(*sys.argv[1:])
    except OSError as error:  # nobody takes what we print
        sys.exit(f"error: {error}")
