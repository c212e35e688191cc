// Octopus' own client with its repository classes watched: which there are, and which of their methods were called.
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

function files(folder) {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return files(path);
        return /(?<!\.test)\.js$/.test(entry.name) && !path.includes("__tests__") ? [path] : [];
    });
}

function methodsOf(type) {
    const own = Object.getOwnPropertyNames(type.prototype ?? {}).filter((name) => name !== "constructor");
    return own.filter((name) => typeof type.prototype[name] === "function");
}

// The client that is installed in a folder: everything that it exports and `classes`, every repository class of the
// package by its name, exported or not. `report()` gives {class: {method: whether it was called}}; what a class
// inherits counts for the class of the object that was asked.
export function load(folder) {
    const require = createRequire(`${folder}/`);
    const client = require("@octopusdeploy/api-client");
    const classes = {};
    for (const file of files(join(folder, "node_modules/@octopusdeploy/api-client/dist/features"))) {
        for (const [name, value] of Object.entries(require(file))) {
            if (typeof value === "function" && /Repository$/.test(name)) classes[name] = value;
        }
    }
    const called = Object.fromEntries(Object.keys(classes).map((name) => [name, {}]));
    for (const type of Object.values(classes)) {
        for (const method of methodsOf(type)) {
            const original = type.prototype[method];
            type.prototype[method] = function (...given) {
                const name = Object.keys(classes).find((one) => classes[one] === this.constructor);
                if (name) called[name][method] = true;
                return original.apply(this, given);
            };
        }
    }
    for (const [name, type] of Object.entries(classes)) {
        for (let one = type; one && one !== Function.prototype; one = Object.getPrototypeOf(one)) {
            for (const method of methodsOf(one)) called[name][method] ??= false;
        }
    }
    return { ...client, classes, report: () => called };
}
