async function getWithRetry(url, tries = 4) {
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(60_000) });
      return Buffer.from(await answer.arrayBuffer());       // the body may break too: inside the try
    } catch (error) {                                       // "fetch failed": error.cause says why
      if (attempt === tries - 1) throw error;               // a GET may be repeated
      await new Promise((wake) => setTimeout(wake, 1000 * 2 ** attempt));
    }
  }
}

console.log((await getWithRetry("https://example.com/file")).length);
