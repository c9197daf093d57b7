"""The client: it fills the catalogue, and looks at it."""

import argparse
import sys

import certificates
import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status
from product_info_pb2 import Product, ProductID
from product_info_pb2_grpc import ProductInfoStub

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"


def run(addr: str) -> None:
    """Adds two products to the catalogue of the server at `addr` (HOST:PORT), asks for three, and
    then sees what Grace may do."""
    with grpc.secure_channel(addr, certificate("ada")) as channel:
        stub = ProductInfoStub(channel)
        ada = token("ada")

        for name, description in (("Kettle", "Boils a litre"), ("Teapot", "Holds four cups")):
            product = Product(name=name, description=description)
            added = stub.addProduct(product, credentials=ada)
            print(f"added {name}: its id is {added.value}")
        for product_id in ("1", "2", "3"):
            show(stub, product_id, ada)
        print("----- Without a token -----")
        show(stub, "1", None)

    print("----- As grace -----")
    with grpc.secure_channel(addr, certificate("grace")) as channel:
        grace(ProductInfoStub(channel))


def certificate(name: str) -> grpc.ChannelCredentials:
    """Trusts our authority, and shows the certificate of `name`."""
    return grpc.ssl_channel_credentials(
        root_certificates=certificates.read("authority.pem"),
        private_key=certificates.read(f"{name}.key"),
        certificate_chain=certificates.read(f"{name}.pem"),
    )


def token(name: str) -> grpc.CallCredentials:
    """The token of `name`, for a call. gRPC itself refuses to send it in the clear."""
    return grpc.access_token_call_credentials(certificates.read(f"{name}.token").decode())


def show(stub: ProductInfoStub, product_id: str, credentials: grpc.CallCredentials | None) -> None:
    """Prints a product, or why there is none."""
    try:
        product = stub.getProduct(ProductID(value=product_id), credentials=credentials)
    except grpc.RpcError as error:
        if error.code() not in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNAUTHENTICATED):
            raise
        print(f"{error.code().name}: {error.details()}")
    else:
        print(f"product {product.id}: {product.name}. {product.description}.")


def grace(stub: ProductInfoStub) -> None:
    """Grace may read, and is told why she may not add."""
    credentials = token("grace")
    show(stub, "2", credentials)
    try:
        stub.addProduct(Product(), credentials=credentials)
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.PERMISSION_DENIED:
            raise
        print(f"PERMISSION_DENIED: {error.details()}")
        info = error_info(error)
        print(f"{info.reason} in {info.domain}: {info.metadata['right']}")
    else:
        sys.exit("error: grace has added a product")


def error_info(error: grpc.RpcError) -> ErrorInfo:
    """What the details of a refusal say, for programs."""
    status = rpc_status.from_call(error)
    info = ErrorInfo()
    if status is None or not any(detail.Unpack(info) for detail in status.details):
        sys.exit("error: a refusal without details")
    return info


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
