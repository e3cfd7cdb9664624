<?php
function get(string $url, int $tries = 4): string
{
    $curl = curl_init();                                    // one handle for all requests: it keeps connections
    for ($attempt = 0; ; $attempt++) {
        curl_setopt_array($curl, [
            CURLOPT_URL => $url,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_FAILONERROR => true,
            CURLOPT_CONNECTTIMEOUT => 5,
            CURLOPT_LOW_SPEED_LIMIT => 1,
            CURLOPT_LOW_SPEED_TIME => 60,
        ]);
        $body = curl_exec($curl);
        if ($body !== false) {
            return $body;
        }
        // 7 refused, 18 cut, 28 timeout, 35 TLS, 52 empty answer, 56 reset
        if ($attempt === $tries - 1 || !in_array(curl_errno($curl), [7, 18, 28, 35, 52, 56, 92], true)) {
            throw new RuntimeException(curl_error($curl), curl_errno($curl));
        }
        sleep(2 ** $attempt);
    }
}

echo strlen(get("https://example.com/file")), "\n";
