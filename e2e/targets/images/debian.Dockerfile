FROM scratch
ADD base.tar /
COPY server-glibc /usr/local/bin/server
ENV PATH=/usr/local/bin:/usr/bin:/bin
USER 1000:1000
ENTRYPOINT ["/usr/local/bin/server"]
