FROM scratch
ADD system.tar /
COPY sources /app
RUN ["ecj", "-proc:none", "-17", "-g", "-d", "/app", "/app/Shop.java"]
ENV PATH=/usr/sbin:/usr/bin:/bin
WORKDIR /app
USER 1000:1000
