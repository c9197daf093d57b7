"""The client: each kind of call once. It does the same thing every time."""

import argparse
import json
import sys
from collections.abc import Iterator
from queue import SimpleQueue

import grpc
from routeguide_pb2 import Feature, Point, Rectangle, RouteNote
from routeguide_pb2_grpc import RouteGuideStub

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"

# A place that the server knows by name.
BERKSHIRE_VALLEY = Point(latitude=409146138, longitude=-746188906)

# A point in the Gulf of Guinea. There is no place.
NULL_ISLAND = Point(latitude=0, longitude=0)


def run(addr: str) -> None:
    """Calls each method of the server at `addr` (HOST:PORT) and prints what it answers."""
    with grpc.insecure_channel(addr) as channel:
        stub = RouteGuideStub(channel)
        print("----- GetFeature -----")
        get_feature(stub)
        print("----- ListFeatures -----")
        list_features(stub)
        print("----- RecordRoute -----")
        record_route(stub)
        print("----- RouteChat -----")
        route_chat(stub)
        print("----- Deadline -----")
        deadline(stub)


def get_feature(stub: RouteGuideStub) -> None:
    """One call that is awaited at once, and one that runs while something else is done."""
    feature = stub.GetFeature(BERKSHIRE_VALLEY)
    print_feature(feature)

    call = stub.GetFeature.future(NULL_ISLAND)
    print("Looking elsewhere meanwhile")
    print_feature(call.result())


def print_feature(feature: Feature) -> None:
    place = degrees(feature.location)
    if feature.name:
        print(f"Feature called {feature.name} at {place}")
    else:
        print(f"Nothing with a name at {place}")


def degrees(point: Point) -> str:
    """A point for people: latitude and longitude in degrees."""
    return f"{point.latitude / 1e7:.7f}, {point.longitude / 1e7:.7f}"


def list_features(stub: RouteGuideStub) -> None:
    """One request, and as many answers as there are places."""
    lo = Point(latitude=404000000, longitude=-750000000)
    hi = Point(latitude=406000000, longitude=-745000000)
    print(f"Looking between {degrees(lo)} and {degrees(hi)}")
    for feature in stub.ListFeatures(Rectangle(lo=lo, hi=hi)):
        print_feature(feature)


def generate_route() -> Iterator[Point]:
    for latitude, longitude in (
        (407838351, -746143763),
        (408122808, -743999179),
        (409000000, -744000000),
        (413628156, -749015468),
        (407113723, -749746483),
    ):
        yield Point(latitude=latitude, longitude=longitude)


def record_route(stub: RouteGuideStub) -> None:
    """Many requests, and one answer when the last one is there."""
    summary = stub.RecordRoute(generate_route())
    print(f"Finished trip with {summary.point_count} points")
    print(f"Passed {summary.feature_count} features")
    print(f"Travelled {summary.distance} metres")
    print(f"It took {summary.elapsed_time} seconds")


def route_chat(stub: RouteGuideStub) -> None:
    """Requests and answers, each in their own time."""
    notes = [
        RouteNote(location=BERKSHIRE_VALLEY, message="First message"),
        RouteNote(location=NULL_ISLAND, message="Second message"),
        RouteNote(location=BERKSHIRE_VALLEY, message="Third message"),
        RouteNote(location=BERKSHIRE_VALLEY, message="Fourth message"),
        RouteNote(location=NULL_ISLAND, message="Fifth message"),
    ]
    for note in notes:
        print_note("Sending", note)
    for note in stub.RouteChat(iter(notes)):
        print_note("Received", note)


def deadline(stub: RouteGuideStub) -> None:
    """Two chats: one may last an hour, and one 100 milliseconds. Only the second one ends by
    itself."""
    # A queue is a stream of what is put into it, until that is None.
    notes: SimpleQueue[RouteNote | None] = SimpleQueue()
    answers = stub.RouteChat(iter(notes.get, None), timeout=60 * 60)

    print("Saying nothing for 100 milliseconds")
    nothing: SimpleQueue[None] = SimpleQueue()
    try:
        for _ in stub.RouteChat(iter(nothing.get, None), timeout=0.1):
            pass
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
            raise
        print("The time is over, and so is the chat")
    finally:
        nothing.put(None)

    note = RouteNote(location=NULL_ISLAND, message="This chat goes on")
    for part in (note, note, None):
        notes.put(part)
    print_note("Received", next(answers))


def print_note(what: str, note: RouteNote) -> None:
    print(f"{what} {json.dumps(note.message)} at {degrees(note.location)}")


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
        run(args.addr)
    except grpc.RpcError as error:
        sys.exit(f"error: {explain(error, args.addr)}")
