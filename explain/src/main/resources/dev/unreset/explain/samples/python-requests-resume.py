import os, time, requests

url, part = "https://example.com/file", "file.part"
validator, size, idle_tries = None, None, 0
if os.path.exists(part):
    os.remove(part)                                         # a part without its ETag may be another version
while size is None or os.path.getsize(part) < size:
    have = os.path.getsize(part) if os.path.exists(part) else 0
    headers = {"Accept-Encoding": "identity"}
    if have and validator:
        headers |= {"Range": f"bytes={have}-", "If-Range": validator}
    try:
        with requests.get(url, headers=headers, stream=True, timeout=(5, 60)) as answer:
            answer.raise_for_status()
            resumed = answer.status_code == 206
            size = (have if resumed else 0) + int(answer.headers["Content-Length"])
            tag = answer.headers.get("ETag", "")
            validator = tag if tag.startswith('"') else None    # a weak ETag proves nothing
            with open(part, "ab" if resumed else "wb") as file:
                for block in answer.iter_content(1 << 16):
                    file.write(block)
    except requests.exceptions.RequestException as failure:
        got = os.path.getsize(part) if os.path.exists(part) else 0
        idle_tries = 0 if got > have else idle_tries + 1        # progress counts, not attempts
        if idle_tries > 3:
            raise
        time.sleep(2 ** idle_tries - 1)                         # at once after progress, else 1 s, 3 s, 7 s
os.replace(part, "file.bin")
