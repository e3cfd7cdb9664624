import socket, struct

def read_exactly(connection, count):
    data = bytearray()
    while len(data) < count:                                # recv may bring less than was asked for
        block = connection.recv(count - len(data))
        if not block:                                       # FIN: the other side closed in order
            raise EOFError(f"closed after {len(data)} of {count} bytes")
        data += block
    return bytes(data)

def read_message(connection, most=1 << 20):
    length, = struct.unpack(">I", read_exactly(connection, 4))
    if length > most:                                       # a wrong offset looks like a huge message
        raise ValueError(f"message of {length} bytes (expected: <= {most})")
    return read_exactly(connection, length)

def write_message(connection, body):
    connection.sendall(struct.pack(">I", len(body)) + body)

here, there = socket.socketpair()
write_message(here, b"hello")
print(read_message(there))
