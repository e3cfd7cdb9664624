# Goes on where it stopped, also after a crash; proves the content; never mixes two versions.
unreset get -o file.bin https://example.com/file
