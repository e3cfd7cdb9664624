import socket

def keep_alive(connection, idle=120, interval=30, probes=4):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):                     # Linux; macOS calls it TCP_KEEPALIVE
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, interval)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, probes)

with socket.socket() as connection:
    keep_alive(connection)
    print(connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
