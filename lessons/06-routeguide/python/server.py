"""The server: it checks what it is told before it believes it."""

import argparse
import json
import math
import sys
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc
import routeguide_pb2_grpc
from routeguide_pb2 import Feature, Point, Rectangle, RouteNote, RouteSummary

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"

# The hundred places that come with the lesson.
DATA = Path(__file__).parents[3] / "data" / "route_guide_db.json"

# The earth, taken for a sphere: its radius in metres.
EARTH_RADIUS = 6_371_000.0

# How many notes a stream may leave at one point. Each is sent again for every later one, so that
# n of them cost n * n / 2 answers.
MAX_NOTES_AT_A_POINT = 500

# How many bytes all notes of a stream may take: the server keeps them until it ends.
MAX_BYTES_OF_NOTES = 16 * 1024 * 1024

# What keeping a note takes besides its own bytes. It does in Rust, and the limits are to be the
# same; here it takes about 1 KiB.
BYTES_AROUND_A_NOTE = 256

MAX_INT32 = 2**31 - 1


def key(point: Point) -> tuple[int, int]:
    """What places are sorted by."""
    return point.latitude, point.longitude


class Places:
    """Places, from south to north, and from west to east on the same latitude. Where there are
    several at one point, the first comes first."""

    def __init__(self, places: list[Feature]) -> None:
        self.places = sorted(places, key=lambda place: key(place.location))
        self.keys = [key(place.location) for place in self.places]

    def at(self, point: Point) -> Feature | None:
        """The place at `point`: of several, the first."""
        i = bisect_left(self.keys, key(point))
        return self.places[i] if key(point) in self.keys[i : i + 1] else None

    def within(self, one: Point, other: Point) -> Iterator[Feature]:
        """The places between two opposite corners, in order. It looks at the band between their
        latitudes only, and one place at a time."""
        south, north = sorted((one.latitude, other.latitude))
        west, east = sorted((one.longitude, other.longitude))
        for i in range(bisect_left(self.keys, (south, west)), len(self.keys)):
            latitude, longitude = self.keys[i]
            if latitude > north:
                break
            if west <= longitude <= east:
                yield self.places[i]


def load(path: Path) -> Places:
    """Reads the JSON file at `path`, a list of places: `{"location": {"latitude": ...,
    "longitude": ...}, "name": ...}`, with coordinates in degrees times 10^7."""
    match json.loads(path.read_text(encoding="utf-8")):
        case [*places]:
            # Nothing knows its line any more. Numbers tell which place is broken.
            return Places([to_feature(place, number) for number, place in enumerate(places, 1)])
    raise ValueError("expected a list of places")


def to_feature(place: object, number: int) -> Feature:
    """The message that tells a client of this place."""
    match place:
        case {"location": {"latitude": int(lat), "longitude": int(long)}, "name": str(name)}:
            return Feature(name=name, location=Point(latitude=lat, longitude=long))
    raise ValueError(f"place {number} needs a `location` of two integers, and a `name`")


class RouteGuideServicer(routeguide_pb2_grpc.RouteGuideServicer):
    """Implements the service `routeguide.RouteGuide`."""

    def __init__(self, places: Places) -> None:
        self.places = places

    def GetFeature(self, request: Point, context: grpc.ServicerContext) -> Feature:
        point = on_earth(request, context)
        return self.places.at(point) or Feature(location=point)

    def ListFeatures(self, request: Rectangle, context: grpc.ServicerContext) -> Iterator[Feature]:
        lo, hi = given(request, "lo", context), given(request, "hi", context)
        # At each `yield` the search stands still until the client has room for the place.
        yield from self.places.within(lo, hi)

    def RecordRoute(self, points: Iterator[Point], context: grpc.ServicerContext) -> RouteSummary:
        started = time.monotonic()
        point_count = feature_count = 0
        metres = 0.0
        last = None
        for point in points:
            on_earth(point, context)
            point_count += 1
            feature_count += self.places.at(point) is not None
            if last is not None:
                metres += distance(last, point)
            last = point
        # An int has no largest value, but the fields have, and would not take more.
        return RouteSummary(
            point_count=min(point_count, MAX_INT32),
            feature_count=min(feature_count, MAX_INT32),
            distance=min(int(metres), MAX_INT32),
            elapsed_time=int(time.monotonic() - started),
        )

    def RouteChat(
        self, incoming: Iterator[RouteNote], context: grpc.ServicerContext
    ) -> Iterator[RouteNote]:
        # Otherwise the headers of the response leave with the first answer, and a client that
        # waits for them before it sends its first note waits for ever.
        context.send_initial_metadata(())
        notes: defaultdict[tuple[int, int], list[RouteNote]] = defaultdict(list)
        size = 0
        for note in incoming:
            earlier = notes[key(given(note, "location", context))]
            yield from earlier
            size += note.ByteSize() + BYTES_AROUND_A_NOTE
            if len(earlier) == MAX_NOTES_AT_A_POINT or size > MAX_BYTES_OF_NOTES:
                limit = f"{MAX_NOTES_AT_A_POINT} notes at a point and {MAX_BYTES_OF_NOTES} bytes"
                why = f"a stream keeps {limit} in all: begin a new one"
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, why)
            earlier.append(note)


def on_earth(point: Point, context: grpc.ServicerContext) -> Point:
    """`point`, if its coordinates are degrees times 10^7."""
    for name, value, limit in (
        ("latitude", point.latitude, 900_000_000),
        ("longitude", point.longitude, 1_800_000_000),
    ):
        if not -limit <= value <= limit:
            why = f"{name} {value} is not between -{limit} and {limit}"
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, why)
    return point


def given(message: Rectangle | RouteNote, field: str, context: grpc.ServicerContext) -> Point:
    """The point in a field of `message`, if there is one, and it is on earth."""
    # Only HasField tells: a point that is missing reads as latitude 0, longitude 0.
    if not message.HasField(field):
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{field} is missing")
    return on_earth(getattr(message, field), context)


def distance(a: Point, b: Point) -> float:
    """The length in metres of the shortest way from `a` to `b` over the surface of the earth, by
    the haversine formula."""
    a_lat, a_long, b_lat, b_long = (
        math.radians(degrees_e7 / 1e7) for degrees_e7 in (*key(a), *key(b))
    )
    half_height = (b_lat - a_lat) / 2
    half_width = (b_long - a_long) / 2
    h = math.sin(half_height) ** 2 + math.cos(a_lat) * math.cos(b_lat) * math.sin(half_width) ** 2
    # Should rounding lift the root above 1: there the arc sine has no value.
    return 2 * EARTH_RADIUS * math.asin(min(math.sqrt(h), 1))


def serve(addr: str, places: Places) -> None:
    """Serves `places` on `addr` (HOST:PORT; port 0 is any free one) until Ctrl-C."""
    # Without the option, Linux lets a second server have the port too, and each gets some calls.
    options = [("grpc.so_reuseport", 0)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10), options=options)
    routeguide_pb2_grpc.add_RouteGuideServicer_to_server(RouteGuideServicer(places), server)
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
        # No new calls from now on. Those under way have five seconds to finish. The timeout is for
        # calls that grpcio never ends, because a request in them was no protobuf.
        server.stop(grace=5).wait(timeout=5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addr", nargs="?", default=ADDR, help="HOST:PORT (default: %(default)s)")
    parser.add_argument("data", nargs="?", type=Path, default=DATA, help="the JSON file")
    args = parser.parse_args()
    try:
        places = load(args.data)
    except (OSError, RecursionError, ValueError) as error:
        sys.exit(f"error: no places in {args.data}: {error}")
    serve(args.addr, places)
