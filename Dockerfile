# The service and the command line, with the libraries that they need and nothing else: no shell,
# no package manager, not root. Run it read-only, with its configuration mounted:
#
#   docker run --read-only -v "$PWD/config:/etc/credbroker:ro" IMAGE

FROM debian:bookworm-slim AS build
WORKDIR /src
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
COPY deploy/install-dependencies.sh deploy/
RUN deploy/install-dependencies.sh build && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cmake --preset release -DBUILD_TESTING=OFF \
 && cmake --build --preset release --target credbrokerd credbroker
# The programs, what the loader loads for them, the roots, and how names are looked up.
RUN mkdir -p /image/usr/bin /image/etc/credbroker \
 && install --strip build/release/bin/credbrokerd build/release/bin/credbroker /image/usr/bin/ \
 && ldd /image/usr/bin/* | awk '$2 == "=>" {print $3} $1 ~ /^\// && $2 ~ /^\(/ {print $1}' | sort -u \
  | xargs cp --dereference --parents --target-directory=/image \
 && cp --dereference --parents /etc/ssl/certs/ca-certificates.crt /etc/nsswitch.conf /image

FROM scratch AS final
COPY --from=build /image /
USER 65532:65532
EXPOSE 8443 9090
ENTRYPOINT ["/usr/bin/credbrokerd"]
CMD ["--config", "/etc/credbroker/credbrokerd.yaml"]
