# Waits 1 s, 2 s, 4 s or as Retry-After says. For requests that may be repeated: not for a POST.
curl --fail --silent --show-error --retry 3 --retry-all-errors \
     --connect-timeout 5 --speed-limit 1 --speed-time 60 \
     --output file.bin https://example.com/file
