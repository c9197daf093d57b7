"""The client: it calls each method, and prints what it is told."""

import argparse
import json
import sys
import uuid
from collections.abc import Callable
from typing import TypeVar

import grpc
from google.protobuf.message import Message
from teams_pb2 import (
    AddTeamRequest,
    ListTeamsRequest,
    TeamRequest,
    TeamResponse,
    TradeTeamsRequest,
)
from teams_pb2_grpc import TeamsStub

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"

Answer = TypeVar("Answer", bound=Message)


def run(addr: str) -> None:
    """Calls each method of the server at `addr` (HOST:PORT) and prints what it answers."""
    with grpc.insecure_channel(addr) as channel:
        stub = TeamsStub(channel)
        print("----- GetTeam -----")
        get_team(stub)
        print("----- AddTeam -----")
        add_team(stub)
        print("----- ListTeams -----")
        list_teams(stub)
        print("----- TradeTeams -----")
        trade_teams(stub)
        print("----- A lost answer -----")
        lost_answer(stub)


def get_team(stub: TeamsStub) -> None:
    """Three cities, and something that is none."""
    for city in ("Chicago", "Philadelphia", "Miami", "'; DROP TABLE teams; --"):
        print_team(stub.GetTeam(TeamRequest(city=city)))


def print_team(team: TeamResponse) -> None:
    print(f"Teams client received: {team.city} {team.nickname}")


def add_team(stub: TeamsStub) -> None:
    """A new team, sent twice as if the first answer had been lost, and two that cannot be added."""
    miners = add_request("Denver", "Miners")
    add(stub, miners)
    add(stub, miners)
    add(stub, add_request("Chicago", "Owls"))
    add(stub, add_request("", "Ghosts"))


def add_request(city: str, nickname: str) -> AddTeamRequest:
    return AddTeamRequest(city=city, nickname=nickname, request_id=str(uuid.uuid4()))


def add(stub: TeamsStub, request: AddTeamRequest) -> None:
    print(f"Adding {json.dumps(request.nickname)} to {json.dumps(request.city)}")
    if team := answer(lambda: stub.AddTeam(request)):
        print_team(team)


def answer(call: Callable[[], Answer]) -> Answer | None:
    """What was answered. That a request is refused is an answer, too, and is printed. Any other
    status means that the call failed."""
    try:
        return call()
    except grpc.RpcError as error:
        if error.code() not in (
            grpc.StatusCode.ALREADY_EXISTS,
            grpc.StatusCode.INVALID_ARGUMENT,
            grpc.StatusCode.NOT_FOUND,
        ):
            raise
        print(f"Teams client was refused: {error.details()}")
        return None


def list_teams(stub: TeamsStub) -> None:
    """One page, and after a break the others."""
    pages = stub.ListTeams(ListTeamsRequest(page_size=3))
    page = next(pages)
    for team in page.teams:
        print_team(team)
    # The stream ends. The server keeps nothing for a client that may never come back.
    pages.cancel()

    print("Going on after a break")
    request = ListTeamsRequest(page_size=3, page_token=page.page_token)
    for page in stub.ListTeams(request):
        for team in page.teams:
            print_team(team)


def trade_teams(stub: TeamsStub) -> None:
    """Two trades, of which the second undoes the first, and one for which a team is missing."""
    for cities in (("Chicago", "Boston"), ("Boston", "Chicago"), ("Seattle", "Miami")):
        trade(stub, trade_request(*cities))


def trade_request(city: str, other_city: str) -> TradeTeamsRequest:
    return TradeTeamsRequest(city=city, other_city=other_city, request_id=str(uuid.uuid4()))


def trade(stub: TeamsStub, request: TradeTeamsRequest) -> None:
    print(f"Trading the teams of {request.city} and {request.other_city}")
    if teams := answer(lambda: stub.TradeTeams(request)):
        print_team(teams.team)
        print_team(teams.other_team)


def lost_answer(stub: TeamsStub) -> None:
    """A trade that is sent twice, as if the first answer had been lost, and one that undoes it."""
    request = trade_request("Detroit", "Seattle")
    trade(stub, request)
    trade(stub, request)
    trade(stub, trade_request("Seattle", "Detroit"))


def explain(error: grpc.RpcError, addr: str) -> str:
    """What went wrong, in one line."""
    if error.code() is grpc.StatusCode.UNAVAILABLE and "busy" not in error.details():
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
