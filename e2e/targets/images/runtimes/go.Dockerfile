FROM scratch
COPY shop /shop
COPY shop-stripped /shop-stripped
USER 1000:1000
ENTRYPOINT ["/shop"]
