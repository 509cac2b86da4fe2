# syntax=docker/dockerfile:1
# Latchkey in a container: `docker build -t latchkey .`, or `--target demo` for one with a PostgreSQL of its own.

FROM rust:1-bookworm AS build
WORKDIR /src
COPY . .
# Queries are checked against .sqlx, so no database is needed here.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked && cp target/release/latchkey /latchkey

FROM debian:bookworm-slim AS base
# Certificates of mail servers and databases are judged by the system's list.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/latchkey --shell /usr/sbin/nologin latchkey \
    && install --directory --owner=latchkey --mode=0700 /var/lib/latchkey
ENV LATCHKEY_LISTEN=0.0.0.0:8080 \
    LATCHKEY_DATA_FOLDER=/var/lib/latchkey \
    LATCHKEY_LOG_FORMAT=json
VOLUME /var/lib/latchkey
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["latchkey", "healthcheck"]
ENTRYPOINT ["latchkey"]

# With a PostgreSQL of its own: for a look around, or for one small machine.
FROM base AS demo
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql \
    && rm -rf /var/lib/apt/lists/* /var/lib/postgresql/*
COPY --from=build /latchkey /usr/local/bin/latchkey
USER latchkey
CMD ["demo"]

# For use with a database elsewhere. Writes nothing outside of /var/lib/latchkey, so the root may be read-only.
FROM base AS latchkey
COPY --from=build /latchkey /usr/local/bin/latchkey
USER latchkey
CMD ["serve"]
