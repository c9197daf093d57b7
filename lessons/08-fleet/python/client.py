"""The client: it asks for six teams, and counts the answers of each server."""

import argparse
import json
import random
import sys
import time
from collections import Counter

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from teams_pb2 import TeamRequest, TeamResponse
from teams_pb2_grpc import TeamsStub

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"

CITIES = ("Chicago", "Philadelphia", "Miami", "Boston", "Seattle", "Detroit")

# How many seconds to wait for servers that aren't serving.
START_TIME = 2

# How many seconds a call may take, with all its attempts. CONFIG could say it, too, but that time
# is taken by the processor's own counter, which jumps on some machines.
CALL_TIME = 2

# What the lesson in Rust writes itself, gRPC's library for Python has in it, for those who ask.
CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "healthCheckConfig": {"serviceName": "Teams"},
    "methodConfig": [
        {
            "name": [{"service": "Teams"}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.02s",
                "backoffMultiplier": 2,
                "maxBackoff": "0.5s",
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1},
}


def run(addr: str) -> None:
    """Asks the server at `addr` (HOST:PORT) for teams."""
    with grpc.insecure_channel(addr) as channel:
        ask(TeamsStub(channel))

        answer = HealthStub(channel).Check(HealthCheckRequest(service="Teams"))
        print(f"Teams is {HealthCheckResponse.ServingStatus.Name(answer.status)}")


def run_with_many(addrs: str) -> None:
    """Asks the servers at `addrs` (HOST:PORT, separated by commas) in turn."""
    options = [
        ("grpc.service_config", json.dumps(CONFIG)),
        # A request says whom it's for, and a list of addresses is no name.
        ("grpc.default_authority", "teams"),
        # How long a server may be silent before it's asked whether it's there.
        ("grpc.keepalive_time_ms", 10_000),
    ]
    with grpc.insecure_channel(f"ipv4:{addrs}", options) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=START_TIME)
        except grpc.FutureTimeoutError:
            sys.exit(f"error: no server is serving at {addrs} (start some with `python server.py`)")
        stub = TeamsStub(channel)
        # It's ready with the first server, which would get the first calls alone. Only calls can
        # find out whether the others are.
        missing, deadline = set(addrs.split(",")), time.monotonic() + START_TIME
        while missing and time.monotonic() < deadline:
            _, served_by = get_team(stub, "", new_id())
            if served_by in missing:
                missing.discard(served_by)
            else:
                time.sleep(0.01)
        ask(stub)

        # Once more, while one of the servers fails these calls, as we ask it to.
        sick = addrs.split(",")[0]
        ids = {new_id() for _ in CITIES}
        for city, its_id in zip(CITIES, ids, strict=True):
            get_team(stub, city, its_id, ("fail-at", sick))
        print(f"{len(CITIES)} more answers, although {sick} fails")
        print(f"{len(ids)} ids in the lines of the servers, one for each call")


def ask(stub: TeamsStub) -> None:
    """Asks for teams and prints them, and how many answers each server has given."""
    counts: Counter[str] = Counter()
    for city in CITIES:
        response, served_by = get_team(stub, city, new_id())
        counts[served_by] += 1
        print(f"Teams client received: {response.city} {response.nickname}")
    for server, count in sorted(counts.items()):
        print(f"{count} answers from {server}")


def get_team(stub: TeamsStub, city: str, *metadata: tuple[str, str]) -> tuple[TeamResponse, str]:
    """Asks for one team. Returns who has answered, too."""
    request = TeamRequest(city=city)
    response, call = stub.GetTeam.with_call(request, timeout=CALL_TIME, metadata=metadata)
    return response, dict(call.initial_metadata())["served-by"]


def new_id() -> tuple[str, str]:
    """An id for a call, which is the same in all its attempts."""
    return "request-id", str(random.getrandbits(64))


def explain(error: grpc.RpcError, addr: str) -> str:
    """What went wrong, in one line."""
    if error.code() is grpc.StatusCode.UNAVAILABLE:
        return f"no server at {addr} (start one with `python server.py`): {error.details()}"
    return f"the call failed: {error.code().name}: {error.details()!r}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addr", nargs="?", default=ADDR, help="HOST:PORT (default: %(default)s)")
    args = parser.parse_args()
    try:
        run_with_many(args.addr) if "," in args.addr else run(args.addr)
    except grpc.RpcError as error:
        sys.exit(f"error: {explain(error, args.addr)}")
