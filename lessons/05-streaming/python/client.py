"""The client: each kind of stream once."""

import json
import re
import signal
import sys
from collections.abc import Iterator

import grpc
from helloworld_pb2 import HelloRequest
from helloworld_pb2_grpc import GreeterStub
from request_streaming_pb2 import OK, STARVED, THIRSTY, TIRED, UNKNOWN, Data
from request_streaming_pb2_grpc import RequestStreamingStub

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"


def run(addr: str) -> None:
    """Talks to the server at `addr` (HOST:PORT) in streams and prints what it answers."""
    print("Will try to greet world ...")

    # gRPC takes more than HOST:PORT: without a port it goes to 443, for 99999 to 34463.
    parts = re.fullmatch(r"[!-~]+:([0-9]{1,5})", addr)
    if not parts or int(parts[1]) > 65535:
        sys.exit(f"error: {addr!r} is no address: give HOST:PORT")
    # Without the option, it would look for the server behind the `http_proxy` of the environment.
    options = [("grpc.enable_http_proxy", 0)]
    with grpc.insecure_channel(addr, options=options) as channel:
        stub = GreeterStub(channel)

        for reply in stub.SayHello_v1(HelloRequest(name="you")):
            print_reply(reply.message)

        # ANCHOR: say-hello-v2
        reply = stub.SayHello_v2(generate_requests())
        print_reply(reply.message)
        # ANCHOR_END: say-hello-v2

        # ANCHOR: say-hello-v3
        # The first reply may be there before the last request has been sent.
        for reply in stub.SayHello_v3(generate_requests()):
            print_reply(reply.message)
        # ANCHOR_END: say-hello-v3

        # ANCHOR: stream-state
        # Two stubs, one channel: both services are called over the same connection.
        state_stub = RequestStreamingStub(channel)
        print("calling server...")
        messages = [
            Data(status=UNKNOWN, info="no record...."),
            Data(status=STARVED, info="Too long without food."),
            Data(status=THIRSTY, info="Requires watering."),
            Data(status=TIRED, info="Shutting down for the night."),
            Data(status=OK, info="OK."),
        ]
        state_stub.stream_state(iter(messages))
        # ANCHOR_END: stream-state


def print_reply(message: str) -> None:
    print(f"[CLIENT] SayHello invoked Greeter client received: {message}")


# ANCHOR: generate-requests
def generate_requests() -> Iterator[HelloRequest]:
    """Names four people, one whenever the connection has room for the next."""
    for name in ("Raf", "Gigi", "Pippo", "Pippozzo"):
        yield HelloRequest(name=name)
# ANCHOR_END: generate-requests


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
