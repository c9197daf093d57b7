"""The server: it knows ten teams, and says of every answer that it is its own."""

import argparse
import ipaddress
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent import futures

import grpc
import teams_pb2_grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_reflection.v1alpha import reflection
from teams_pb2 import TeamRequest, TeamResponse

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"

# How many seconds to go on as before once it's said that we stop: until the clients know it, and
# what they have sent before is here.
NOTICE_TIME = 0.5

# How many seconds calls may take to finish after that.
DRAIN_TIME = 5

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

    def __init__(self, served_by: str) -> None:
        self.served_by = served_by

    def GetTeam(self, request: TeamRequest, context: grpc.ServicerContext) -> TeamResponse:
        # Who wants to see what a failure does can ask for one, of their own call.
        if ("fail-at", self.served_by) in context.invocation_metadata():
            context.abort(grpc.StatusCode.UNAVAILABLE, "you asked for it")
        context.send_initial_metadata((("served-by", self.served_by),))
        nickname = TEAMS.get(request.city, "not a member")
        return TeamResponse(city=request.city, nickname=nickname)


class Trace(grpc.ServerInterceptor):
    """Prints a line for each call of `Teams`: whose it is, how it ended, and how long it took."""

    def intercept_service(
        self, continuation: Callable, call: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler | None:
        handler = continuation(call)
        if handler is None or not call.method.startswith("/Teams/"):
            return handler
        # A stranger may send any.
        caller = dict(call.invocation_metadata).get("request-id", "")
        caller = caller if len(caller) <= 40 else ""

        def answer(request: TeamRequest, context: grpc.ServicerContext) -> TeamResponse:
            started, busy = time.perf_counter(), time.thread_time()
            try:
                return handler.unary_unary(request, context)
            finally:
                code = (context.code() or grpc.StatusCode.OK).name.title().replace("_", "")
                busy = time.thread_time() - busy
                idle = max(time.perf_counter() - started - busy, 0)
                span = f'call{{id="{caller}" method="{call.method}" code={code}}}'
                times = f"time.busy={busy * 1e6:.1f}µs time.idle={idle * 1e6:.1f}µs"
                print(f"{span}: close {times}\n", end="")

        return grpc.unary_unary_rpc_method_handler(
            answer, handler.request_deserializer, handler.response_serializer
        )


def serve(addr: str) -> None:
    """Serves on `addr` (HOST:PORT; port 0 is any free one) until Ctrl-C or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    options = [
        # Without it, Linux lets a second server have the port too, and each gets some calls.
        ("grpc.so_reuseport", 0),
        # Without it, a client that asks more than twice in five minutes whether we're there is cut
        # off.
        ("grpc.http2.max_ping_strikes", 0),
    ]
    server = grpc.server(futures.ThreadPoolExecutor(10), interceptors=[Trace()], options=options)
    try:
        port = server.add_insecure_port(addr)
    except RuntimeError:
        sys.exit(f"error: cannot listen on {addr} (give another HOST:PORT)")
    host = addr.rsplit(":", 1)[0]
    teams_pb2_grpc.add_TeamsServicer_to_server(TeamsServicer(f"{host}:{port}"), server)
    servicer = health.HealthServicer()
    servicer.set("Teams", HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    # It tells all that the proto does. A caller from elsewhere is a stranger, and isn't told.
    if host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback:
        reflection.enable_server_reflection(("Teams", reflection.SERVICE_NAME), server)
    server.start()
    print(f"Server started, listening on {host}:{port}")

    stop.wait()
    servicer.enter_graceful_shutdown()
    time.sleep(NOTICE_TIME)
    server.stop(DRAIN_TIME).wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addr", nargs="?", default=ADDR, help="HOST:PORT (default: %(default)s)")
    serve(parser.parse_args().addr)
