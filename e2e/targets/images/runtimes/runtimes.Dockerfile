FROM scratch
ADD system.tar /
COPY dotnet /usr/lib/dotnet
COPY sources /app
RUN ["ecj", "-proc:none", "-17", "-g", "-d", "/app", "/app/Shop.java"]
RUN ["chmod", "755", "/usr/lib/dotnet/dotnet"]
# Mono and .NET run the same file.
RUN ["mcs", "-out:/app/shop.exe", "/app/Shop.cs"]
ENV PATH=/usr/sbin:/usr/bin:/bin
WORKDIR /app
USER 1000:1000
