import asyncio, aiohttp

async def fetch(session, url):
    for attempt in range(4):
        try:
            async with session.get(url) as answer:          # a GET may be repeated
                answer.raise_for_status()
                return await answer.read()
        except aiohttp.ClientConnectionError:               # also ServerDisconnectedError
            if attempt == 3:
                raise
        except aiohttp.ClientPayloadError:                  # the body was cut
            if attempt == 3:
                raise
        await asyncio.sleep(2 ** attempt)

async def main():
    connector = aiohttp.TCPConnector(limit=16, keepalive_timeout=4)     # below the server's idle limit
    timeout = aiohttp.ClientTimeout(total=None, connect=5, sock_read=60)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        print(len(await fetch(session, "https://example.com/file")))

asyncio.run(main())
