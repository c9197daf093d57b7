// Calls the Greeter in gRPC-Web, by hand: what the client of a generated stub does for you.
const form = document.querySelector("form");
const log = document.querySelector("[role=log]");
// ANCHOR: step6-js-pause

// How long the server waits between two greetings: a person wants to see each of them come.
const PAUSE_MS = 500;
// ANCHOR_END: step6-js-pause
// ANCHOR: step7-seconds

// How long a call may take.
const SECONDS = 5;
// ANCHOR_END: step7-seconds
// ANCHOR: step6-cancel

// Ends the call that is under way. The reason is what a person reads.
let controller = new AbortController();
const cancel = () => controller.abort("Cancelled.");
document.querySelector("#cancel").addEventListener("click", cancel);
// A browser keeps a page for a while that somebody has left, and its calls with it.
window.addEventListener("pagehide", cancel);
// ANCHOR_END: step6-cancel

form.addEventListener("submit", async (event) => {
    event.preventDefault();
    // ANCHOR: step6-new-call
    controller.abort();
    controller = new AbortController();
    // ANCHOR_END: step6-new-call
    // ANCHOR: step7-deadline
    // The server has its own clock, but it may be the server that does not answer.
    const giveUp = (own) => own.abort(`Given up after ${SECONDS} seconds.`);
    setTimeout(giveUp, SECONDS * 1000, controller);
    // ANCHOR_END: step7-deadline
    const lines = document.createElement("div");
    log.replaceChildren(lines);
    try {
        for await (const greeting of call(event.submitter.value, form.elements.name.value)) {
            show(greeting, lines);
        }
    } catch (error) {
        show(explain(error), lines);
    }
});

// As text, whatever is in it: `innerHTML` would take a name for a part of the page.
function show(text, lines) {
    const line = document.createElement("p");
    line.textContent = text;
    lines.append(line);
}

// What a person is told of an error.
function explain(error) {
    // ANCHOR: step6-aborted
    if (controller.signal.aborted) {
        return controller.signal.reason;
    }
    // ANCHOR_END: step6-aborted
    // ANCHOR: step7-gone
    // `fetch` says so if nobody answers. A mistake in this script may say it, too: hence its words.
    if (error instanceof TypeError) {
        return `The server is gone (${error.message}). Try again when it is back.`;
    }
    // ANCHOR_END: step7-gone
    return `The call failed: ${error.message}`;
}

// Calls `method` as `name`, and yields each greeting as it arrives.
async function* call(method, name) {
    const response = await fetch(`/helloworld.Greeter/${method}`, {
        method: "POST",
        headers: {
            "content-type": "application/grpc-web+proto",
            // ANCHOR: step7-timeout
            "grpc-timeout": `${SECONDS}S`,
            // ANCHOR_END: step7-timeout
        },
        body: frame(encode(name)),
        // ANCHOR: step6-signal
        signal: controller.signal,
        // ANCHOR_END: step6-signal
    });
    // A call that fails at once has its status here, any other one at the end of its body.
    let trailers = response.headers;
    for await (const { kind, payload } of frames(response.body)) {
        // The highest bit says that these are the trailers: a page would not see those of HTTP.
        if (kind & 0x80) {
            trailers = parse(payload);
        } else {
            yield decode(payload);
        }
    }
    const status = trailers.get("grpc-status");
    if (status !== "0") {
        const message = decodeURIComponent(trailers.get("grpc-message") || "no reason given");
        throw new Error(`${message} (gRPC status ${status}, HTTP status ${response.status})`);
    }
}

// The key of field 1 where it is text: its number, and wire type 2 for "a length follows".
const TEXT = (1 << 3) | 2;
// ANCHOR: step6-key

// The key of field 2 where it is a number: wire type 0.
const NUMBER = (2 << 3) | 0;
// ANCHOR_END: step6-key

// A HelloRequest, as a list of bytes.
function encode(name) {
    const text = new TextEncoder().encode(name);
    return [
        ...[TEXT, ...varint(text.length), ...text],
        // ANCHOR: step6-encode-pause
        ...[NUMBER, ...varint(PAUSE_MS)],
        // ANCHOR_END: step6-encode-pause
    ];
}

// Seven bits in a byte, the lowest ones first; the eighth says that more come.
function varint(number) {
    return number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...varint(number >>> 7)];
}

// A message behind its five bytes: 0 for "not compressed", and four that say how long it is.
function frame(message) {
    const bytes = new Uint8Array(5 + message.length);
    new DataView(bytes.buffer).setUint32(1, message.length);
    bytes.set(message, 5);
    return bytes;
}

// The frames of a body, one by one. What arrives at a time may be a part of one, or several.
async function* frames(body) {
    const reader = body.getReader();
    let bytes = new Uint8Array();
    try {
        for (;;) {
            const { done, value } = await reader.read();
            if (done) {
                return;
            }
            const joined = new Uint8Array(bytes.length + value.length);
            joined.set(bytes);
            joined.set(value, bytes.length);
            bytes = joined;
            while (bytes.length >= 5) {
                const end = 5 + new DataView(bytes.buffer).getUint32(1);
                if (bytes.length < end) {
                    break;
                }
                yield { kind: bytes[0], payload: bytes.slice(5, end) };
                bytes = bytes.slice(end);
            }
        }
    } finally {
        // If a frame was one too many for whoever reads them, the server need not send more.
        reader.cancel().catch(() => {});
    }
}

// Trailers, which are lines as headers are in HTTP/1.1: `grpc-status:0`.
function parse(bytes) {
    const lines = new TextDecoder().decode(bytes).matchAll(/^([\w-]+):(.*)$/gm);
    return new Headers([...lines].map(([, name, value]) => [name, value]));
}

// The text in field 1 of a HelloReply. Any other field is skipped: a newer server may send some.
function decode(bytes) {
    let text = "";
    let at = 0;
    const number = () => {
        const byte = bytes[at++];
        return byte >= 0x80 ? (byte & 0x7f) + 0x80 * number() : byte;
    };
    while (at < bytes.length) {
        const key = number();
        const type = key & 7;
        if (type === 0) {
            number();
            continue;
        }
        const length = type === 1 ? 8 : type === 5 ? 4 : number();
        if (key === TEXT) {
            text = new TextDecoder().decode(bytes.slice(at, at + length));
        }
        at += length;
    }
    // What does not end with the bytes is cut off, and is no message.
    if (at !== bytes.length) {
        throw new Error("the answer is not a message");
    }
    return text;
}
