"""The server: it reads its films from a file, once, and finds each by its id."""

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc
import movie_pb2_grpc
from movie_pb2 import Empty, MovieData, MovieID

# This machine only: port 3001 of the loopback address.
ADDR = "127.0.0.1:3001"

# The seven films that come with the lesson.
DATA = Path(__file__).parents[3] / "data" / "movies.json"


def load(path: Path) -> list[MovieData]:
    """Reads the JSON file at `path`: `{"movies": [{"id": ..., "title": ..., "rating": ...,
    "director": ...}, ...]}`."""
    match json.loads(path.read_text(encoding="utf-8")):
        case {"movies": [*movies]}:
            # Nothing knows its line any more. Numbers tell which film is broken.
            return [to_movie(movie, number) for number, movie in enumerate(movies, 1)]
    raise ValueError("expected an object with the key `movies` and a list")


def to_movie(movie: object, number: int) -> MovieData:
    """The message that tells a client of this film."""
    match movie:
        case {
            "id": str(id),
            "title": str(title),
            "rating": int(rating) | float(rating),
            "director": str(director),
        }:
            return MovieData(title=title, rating=rating, director=director, id=id)
    raise ValueError(f"film {number} needs strings `id`, `title`, `director`, a number `rating`")


class MovieServicer(movie_pb2_grpc.MovieServicer):
    """Implements the service `Movie`."""

    def __init__(self, movies: list[MovieData]) -> None:
        self.movies = movies
        # Backwards, because if an id is there more than once, the first film has it.
        self.by_id = {movie.id: movie for movie in reversed(movies)}

    def GetMovieByID(self, request: MovieID, context: grpc.ServicerContext) -> MovieData:
        movie = self.by_id.get(request.id)
        if movie is None:
            context.abort(grpc.StatusCode.NOT_FOUND, "no movie has this id")
        print("Movie found!")
        return movie

    def GetListMovies(self, request: Empty, context: grpc.ServicerContext) -> Iterator[MovieData]:
        # Goes on to the next film whenever the client has room for one more.
        yield from self.movies


def serve(addr: str, movies: list[MovieData]) -> None:
    """Serves `movies` on `addr` (HOST:PORT; port 0 is any free one) until Ctrl-C."""
    # Without the option, Linux lets a second server have the port too, and each gets some calls.
    options = [("grpc.so_reuseport", 0)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10), options=options)
    movie_pb2_grpc.add_MovieServicer_to_server(MovieServicer(movies), server)
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
    parser.add_argument("data", nargs="?", type=Path, default=DATA, help="the JSON file")
    args = parser.parse_args()
    try:
        movies = load(args.data)
    except (OSError, OverflowError, RecursionError, ValueError) as error:
        sys.exit(f"error: no films in {args.data}: {error}")
    serve(args.addr, movies)
