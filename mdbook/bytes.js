// The machine on the page "A message in bytes": takes what you type, and shows the message byte by byte.
for (const machine of document.querySelectorAll(".message-in-bytes")) {
    // Each message: its fields in the order of their numbers, and their types.
    const messages = {
        "a name": { type: "HelloRequest", fields: { name: "string" }, values: { name: "you" } },
        "a number": { type: "Number", fields: { value: "int32" }, values: { value: "300" } },
        "a point": { type: "Point", fields: { x: "int32", y: "int32" }, values: { x: "0", y: "-1" } },
    };
    const element = (name, text, parent) => {
        const made = document.createElement(name);
        made.textContent = text;
        parent.append(made);
        return made;
    };
    machine.textContent = "";
    const form = element("form", "", machine);
    const labelled = (text, name) => {
        const input = element(name, "", element("label", `${text} `, form));
        input.name = text;
        return input;
    };
    const kind = labelled("send", "select");
    Object.keys(messages).forEach((name) => element("option", name, kind));
    const inputs = element("span", "", form);
    const says = element("p", "", machine);
    says.setAttribute("aria-live", "polite");
    const table = element("table", "", machine);

    const varint = (number) => {
        // A negative number is widened to 64 bits.
        let rest = BigInt.asUintN(64, number);
        const bytes = [];
        do {
            const more = rest >> 7n;
            bytes.push(Number(rest & 0x7fn) + (more > 0n ? 0x80 : 0));
            rest = more;
        } while (rest > 0n);
        return bytes;
    };
    const plural = (count) => (count === 1 ? "1 byte" : `${count} bytes`);

    /** The rows of a field: some bytes, and what they mean. Nothing for the default value. */
    const field = (name, type, number, value) => {
        const key = (wireType, what) => [
            varint(BigInt(number * 8 + wireType)),
            `the key: field ${number}, ${name}, wire type ${wireType} (${what})`,
        ];
        if (type === "string") {
            const bytes = [...new TextEncoder().encode(value)];
            const length = [varint(BigInt(bytes.length)), `its length: ${plural(bytes.length)}`];
            return bytes.length === 0 ? [] : [key(2, "LEN"), length, [bytes, JSON.stringify(value)]];
        }
        if (!/^[+-]?\d+$/.test(value.trim()) || BigInt.asIntN(32, BigInt(value)) !== BigInt(value)) {
            throw new Error(`${name} has to be a whole number from -2147483648 to 2147483647.`);
        }
        const parsed = BigInt(value);
        return parsed === 0n ? [] : [key(0, "VARINT"), [varint(parsed), String(parsed)]];
    };

    const show = () => {
        const { type, fields } = messages[kind.value];
        table.textContent = "";
        try {
            const unsent = [];
            const rows = Object.entries(fields).flatMap(([name, fieldType], index) => {
                const sent = field(name, fieldType, index + 1, form.elements[name].value);
                if (sent.length === 0) {
                    unsent.push(` ${name}: the default value isn't sent.`);
                }
                return sent;
            });
            const length = rows.reduce((sum, [bytes]) => sum + bytes.length, 0);
            const prefix = [24, 16, 8, 0].map((shift) => (length >>> shift) & 0xff);
            rows.unshift([[0], "not compressed"], [prefix, `a message of ${plural(length)}`]);
            for (const [bytes, means] of rows) {
                const row = element("tr", "", table);
                const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
                element("code", hex, element("td", "", row));
                element("td", means, row);
            }
            says.textContent = `${type}: ${plural(length)}, and five before them.${unsent.join("")}`;
        } catch (error) {
            says.textContent = error.message;
        }
    };

    const choose = () => {
        inputs.textContent = "";
        const { fields, values } = messages[kind.value];
        for (const name of Object.keys(fields)) {
            const input = labelled(name, "input");
            input.value = values[name];
            input.autocomplete = "off";
            inputs.append(input.parentElement);
        }
        show();
    };
    form.addEventListener("submit", (event) => event.preventDefault());
    kind.addEventListener("change", choose);
    inputs.addEventListener("input", show);
    choose();
}
