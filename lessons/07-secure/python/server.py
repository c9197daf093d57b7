"""The server: it keeps products for as long as it runs, and knows who calls."""

import argparse
import contextvars
import hmac
import ssl
import sys
import threading
from collections.abc import Callable
from concurrent import futures

import certificates
import grpc
import product_info_pb2_grpc
from google.protobuf.any_pb2 import Any
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from product_info_pb2 import Product, ProductID

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"

# How long a client may take until both have agreed on TLS, in milliseconds.
HANDSHAKE_TIME = 5_000

# Who may add products. Everybody with a name may read.
MAY_ADD = ("ada",)

# Who has sent the request that a thread is working on.
CALLER: contextvars.ContextVar[str] = contextvars.ContextVar("CALLER")


class Callers(grpc.ServerInterceptor):
    """Everybody whom the server knows: it finds out who calls before any method runs."""

    def __init__(self) -> None:
        self.tokens = {name: certificates.read(f"{name}.token") for name in certificates.PEOPLE}
        self.certificates = {der(certificates.read(f"{n}.pem")): n for n in certificates.PEOPLE}

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler | None],
        details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler | None:
        handler = continuation(details)
        if handler is None:
            return None

        # The details have the metadata, but the certificate is in the context of the call.
        def method(request: object, context: grpc.ServicerContext) -> object:
            caller = self.by_certificate(context) or self.by_token(context)
            if caller is None:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "say who you are")
            CALLER.set(caller)
            return handler.unary_unary(request, context)

        return grpc.unary_unary_rpc_method_handler(
            method, handler.request_deserializer, handler.response_serializer
        )

    def by_certificate(self, context: grpc.ServicerContext) -> str | None:
        """Whose certificate the connection has. TLS has made sure that the client has its key."""
        shown = context.auth_context().get("x509_pem_cert", [])
        return self.certificates.get(der(shown[0])) if shown else None

    def by_token(self, context: grpc.ServicerContext) -> str | None:
        """Whose token is in the metadata. With none there, or two, it's nobody's."""
        metadata = context.invocation_metadata()
        shown = [value for key, value in metadata if key == "authorization"]
        if len(shown) != 1:
            return None
        for name, token in self.tokens.items():
            # In a time that doesn't depend on how much of it is right.
            if hmac.compare_digest(b"Bearer " + token, shown[0].encode()):
                return name
        return None


def der(pem: bytes) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem.decode())


class ProductInfoServicer(product_info_pb2_grpc.ProductInfoServicer):
    """Implements the service `ecommerce.ProductInfo`."""

    def __init__(self) -> None:
        # By id. Calls run in threads, side by side: hence the lock.
        self.products: dict[str, Product] = {}
        self.lock = threading.Lock()

    def addProduct(self, request: Product, context: grpc.ServicerContext) -> ProductID:
        caller = CALLER.get()
        print(f"{caller} calls addProduct")
        may_add(caller, context)
        with self.lock:
            product_id = str(len(self.products) + 1)
            request.id = product_id
            self.products[product_id] = request
        return ProductID(value=product_id)

    def getProduct(self, request: ProductID, context: grpc.ServicerContext) -> Product:
        print(f"{CALLER.get()} calls getProduct")
        with self.lock:
            product = self.products.get(request.value)
        if product is None:
            context.abort(grpc.StatusCode.NOT_FOUND, "no product has this id")
        return product


def may_add(caller: str, context: grpc.ServicerContext) -> None:
    """Ends the call if `caller` may not add products. The details say why, for programs."""
    if caller in MAY_ADD:
        return
    details = Any()
    details.Pack(
        error_details_pb2.ErrorInfo(
            reason="RIGHT_MISSING", domain="ecommerce.example", metadata={"right": "add"}
        )
    )
    status = status_pb2.Status(
        code=code_pb2.PERMISSION_DENIED,
        message=f"{caller} may not add products",
        details=[details],
    )
    context.abort_with_status(rpc_status.to_status(status))


def serve(addr: str) -> None:
    """Serves on `addr` (HOST:PORT; port 0 is any free one) until Ctrl-C."""
    certificates.make()
    credentials = grpc.ssl_server_credentials(
        [(certificates.read("server.key"), certificates.read("server.pem"))],
        root_certificates=certificates.read("authority.pem"),
        require_client_auth=True,
    )
    options = [
        # Without this, Linux lets a second server have the port too, and each gets some calls.
        ("grpc.so_reuseport", 0),
        ("grpc.server_handshake_timeout_ms", HANDSHAKE_TIME),
    ]
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=10), interceptors=[Callers()], options=options
    )
    product_info_pb2_grpc.add_ProductInfoServicer_to_server(ProductInfoServicer(), server)
    try:
        port = server.add_secure_port(addr, credentials)
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
