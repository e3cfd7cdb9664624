import http from "node:http";
import https from "node:https";

const options = { keepAlive: true, maxSockets: 16, timeout: 60_000 };
const agents = { "http:": new http.Agent(options), "https:": new https.Agent(options) };   // one for all requests

function get(url) {
  return new Promise((resolve, reject) => {
    const at = new URL(url);
    const request = (at.protocol === "https:" ? https : http).get(at, { agent: agents[at.protocol] }, (answer) => {
      const blocks = [];
      answer.on("data", (block) => blocks.push(block));
      answer.on("error", reject);                           // "aborted": the body was cut
      answer.on("end", () => resolve(Buffer.concat(blocks)));
    });
    request.on("timeout", () => request.destroy(new Error("no answer in 60 s")));
    request.on("error", (error) => {
      error.reused = request.reusedSocket;                  // true: the keep-alive race, repeat at once
      reject(error);
    });
  });
}

async function getWithRetry(url) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await get(url);                                // a GET may be repeated
    } catch (error) {
      if (attempt === 3) throw error;
      await new Promise((wake) => setTimeout(wake, error.reused ? 0 : 1000 * 2 ** attempt));
    }
  }
}

console.log((await getWithRetry("https://example.com/file")).length);
Object.values(agents).forEach((agent) => agent.destroy());
