FROM scratch
COPY server-static /server
ENTRYPOINT ["/server"]
