"""The server: it knows ten teams, and prints what comes with a request besides the message."""

import argparse
import sys
from concurrent import futures

import grpc
import teams_pb2_grpc
from teams_pb2 import TeamRequest, TeamResponse

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"

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


class TeamsServicer(teams_pb2_grpc.TeamsServicer):
    """Implements the service `Teams`."""

    def GetTeam(self, request: TeamRequest, context: grpc.ServicerContext) -> TeamResponse:
        # gRPC has already taken out what every request has, such as `te` and `content-type`.
        print(dict(sorted(context.invocation_metadata())))

        nickname = TEAMS.get(request.city, "not a member")
        return TeamResponse(city=request.city, nickname=nickname)


def serve(addr: str) -> None:
    """Serves on `addr` (HOST:PORT; port 0 is any free one) until Ctrl-C."""
    # Without the option, Linux lets a second server have the port too, and each gets some calls.
    options = [("grpc.so_reuseport", 0)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10), options=options)
    teams_pb2_grpc.add_TeamsServicer_to_server(TeamsServicer(), server)
    try:
        port = server.add_insecure_port(addr)
    except RuntimeError:
        sys.exit(f"error: cannot listen on {addr} (give another HOST:PORT)")
    server.start()
    try:
        print(f"Server started, listening on {addr.rsplit(':', 1)[0]}:{port}")
        server.wait_for_termination()
    except (KeyboardInterrupt, RuntimeError):
        # Now and then Ctrl-C breaks into the wait itself, which ends with a RuntimeError then.
        # No new calls from now on. Those under way have five seconds to finish.
        server.stop(grace=5).wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addr", nargs="?", default=ADDR, help="HOST:PORT (default: %(default)s)")
    serve(parser.parse_args().addr)
