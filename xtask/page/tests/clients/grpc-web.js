// Calls the Greeter with grpc-web, which uses `XMLHttpRequest`. For streams it wants text: in base 64.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import grpc from "grpc-web";
import xhr2 from "xhr2";
import { Greeter, url } from "./greeter.js";

globalThis.XMLHttpRequest = xhr2.XMLHttpRequest;
const client = new grpc.GrpcWebClientBase({ format: "text" });

const describe = (method, kind) =>
    new grpc.MethodDescriptor(
        `/${Greeter.typeName}/${method.name}`,
        kind,
        Object,
        Object,
        (request) => toBinary(method.input, create(method.input, request)),
        (bytes) => fromBinary(method.output, bytes),
    );

const stream = (request) =>
    new Promise((done) => {
        const { sayHello_v1: method } = Greeter.method;
        const call = client.serverStreaming(
            `${url}/${Greeter.typeName}/${method.name}`, request, {}, describe(method, "server_streaming"),
        );
        call.on("data", (reply) => console.log(reply.message));
        call.on("error", (error) => done(console.log(error.code, error.message)));
        call.on("end", done);
    });

const { sayHello: method } = Greeter.method;
const path = `${url}/${Greeter.typeName}/${method.name}`;
const deadline = String(Date.now() + 60_000);
const reply = await client.unaryCall(path, { name: "you" }, { deadline }, describe(method, "unary"));
console.log(reply.message);
await stream({ name: "you", pauseMs: 1 });
await stream({ name: "you", pauseMs: 1001 });
