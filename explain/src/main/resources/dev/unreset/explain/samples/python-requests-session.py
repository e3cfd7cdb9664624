import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

session = requests.Session()                                # one session for all requests
retry = Retry(total=3, backoff_factor=1,                    # waits 1 s, 2 s, 4 s; honours Retry-After
              status_forcelist=[429, 502, 503, 504])        # repeats GET, HEAD, PUT, DELETE; never POST
session.mount("https://", HTTPAdapter(max_retries=retry))
session.mount("http://", HTTPAdapter(max_retries=retry))

answer = session.get("https://example.com/file", timeout=(5, 60))   # connect, then silence, in seconds
answer.raise_for_status()
print(len(answer.content))
