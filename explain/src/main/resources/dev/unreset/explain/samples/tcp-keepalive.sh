# Linux: probes after 120 s of silence keep an entry in a box between alive (350 s on AWS, 240 s on Azure).
# They work only on sockets that ask for them (SO_KEEPALIVE).
printf '%s\n' 'net.ipv4.tcp_keepalive_time = 120' \
              'net.ipv4.tcp_keepalive_intvl = 30' \
              'net.ipv4.tcp_keepalive_probes = 4' > 60-keepalive.conf
# as root: cp 60-keepalive.conf /etc/sysctl.d/ && sysctl --system
