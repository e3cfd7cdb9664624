import { open, rename } from "node:fs/promises";

const url = "https://example.com/file";
const part = await open("file.part", "w+");
let have = 0, size = Infinity, validator, idleTries = 0;
while (have < size) {
  const before = have;
  try {
    const headers = { "accept-encoding": "identity" };
    if (have > 0 && validator) Object.assign(headers, { range: `bytes=${have}-`, "if-range": validator });
    const answer = await fetch(url, { headers });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    if (answer.status !== 206) have = 0;                    // 200: from the beginning, another version perhaps
    size = have + Number(answer.headers.get("content-length"));
    const tag = answer.headers.get("etag") ?? "";
    validator = tag.startsWith('"') ? tag : undefined;      // a weak ETag proves nothing
    for await (const block of answer.body) {
      await part.write(block, 0, block.length, have);
      have += block.length;
    }
  } catch (error) {
    idleTries = have > before ? 0 : idleTries + 1;          // progress counts, not attempts
    if (idleTries > 3) throw error;
    await new Promise((wake) => setTimeout(wake, 1000 * (2 ** idleTries - 1)));
  }
}
await part.truncate(size);
await part.close();
await rename("file.part", "file.bin");
