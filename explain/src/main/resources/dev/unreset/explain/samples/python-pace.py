import time, requests

session, interval = requests.Session(), 0.25                # at most 4 requests a second
earliest = time.monotonic()
for number in range(8):
    time.sleep(max(0, earliest - time.monotonic()))
    earliest = time.monotonic() + interval
    answer = session.get("https://example.com/file", timeout=(5, 60))
    if answer.status_code in (429, 503):
        earliest += float(answer.headers.get("Retry-After", "5"))   # seconds; a date is possible too
        interval *= 2
print(answer.status_code)
