# Alpine's shape: musl, busybox, a shell, and nothing else.
FROM scratch
COPY busybox /bin/busybox
COPY ld-musl.so /lib/ld-musl-x86_64.so.1
COPY server-musl /usr/bin/server
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN mkdir -p /etc /tmp && chmod 1777 /tmp && echo 'root:x:0:0:root:/root:/bin/sh' >/etc/passwd
ENV PATH=/usr/bin:/bin
ENTRYPOINT ["/usr/bin/server"]
