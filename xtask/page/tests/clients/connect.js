// Calls the Greeter with @connectrpc/connect-web, which uses `fetch`.
import { createClient, ConnectError } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { Greeter, url } from "./greeter.js";

const client = createClient(Greeter, createGrpcWebTransport({ baseUrl: url, defaultTimeoutMs: 60_000 }));
console.log((await client.sayHello({ name: "you" })).message);
for await (const reply of client.sayHello_v1({ name: "you", pauseMs: 1 })) {
    console.log(reply.message);
}
try {
    for await (const reply of client.sayHello_v1({ name: "you", pauseMs: 1001 })) {
        console.log(reply.message);
    }
} catch (error) {
    console.log(ConnectError.from(error).code, ConnectError.from(error).rawMessage);
}
