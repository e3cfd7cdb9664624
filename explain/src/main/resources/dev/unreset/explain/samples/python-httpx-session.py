import time, httpx

client = httpx.Client(                                      # one client for all requests
    transport=httpx.HTTPTransport(
        retries=3,                                          # of connecting only
        limits=httpx.Limits(max_connections=16, keepalive_expiry=4)),   # below the server's idle limit
    timeout=httpx.Timeout(60, connect=5))

for attempt in range(4):
    try:
        answer = client.get("https://example.com/file")     # a GET may be repeated
        break
    except httpx.TransportError:                            # ReadError, RemoteProtocolError, ConnectError ...
        if attempt == 3:
            raise
        time.sleep(2 ** attempt)
print(len(answer.content))
