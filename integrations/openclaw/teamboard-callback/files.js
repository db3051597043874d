// JSON files that are either whole or not there.

import fs from "node:fs/promises";
import path from "node:path";

export async function save(folder, name, value) {
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  const target = path.join(folder, name);
  await fs.writeFile(`${target}.tmp`, JSON.stringify(value), { mode: 0o600 });
  await fs.rename(`${target}.tmp`, target);
}

/** The value, or null when the file is gone or broken. */
export async function load(folder, name) {
  try {
    return JSON.parse(await fs.readFile(path.join(folder, name), "utf8"));
  } catch {
    return null;
  }
}

export async function names(folder) {
  const found = await fs.readdir(folder).catch(() => []);
  return found.filter((name) => name.endsWith(".json")).sort();
}

export async function remove(folder, name) {
  await fs.rm(path.join(folder, name), { force: true });
}
