// The Greeter as the clients beside this file know it: read from its descriptors, not generated.
import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const descriptors = fromBinary(FileDescriptorSetSchema, readFileSync("descriptors.bin"));
export const registry = createFileRegistry(descriptors);
export const Greeter = registry.getService("helloworld.Greeter");
// Where the server is.
export const url = `http://${process.argv[2]}`;
