import http.client, time, urllib.error, urllib.request

def fetch(url, tries=4):
    for attempt in range(tries):
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as failure:
            if failure.code not in (429, 502, 503, 504) or attempt == tries - 1:
                raise                                       # the server answered: repeating does not help
        except (OSError, http.client.HTTPException):        # reset, refused, IncompleteRead, RemoteDisconnected
            if attempt == tries - 1:
                raise
        time.sleep(2 ** attempt)                            # 1 s, 2 s, 4 s

print(len(fetch("https://example.com/file")))
