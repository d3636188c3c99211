# One file for every image: `--target app --build-arg APP=ordering` is a service, `--target tools` runs the one-off
# tasks. What runs is the same artifact that `npm start` runs, to the digest.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS tools
WORKDIR /fieldguide
COPY . .
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund
ARG COMMIT=unknown
RUN FIELDGUIDE_COMMIT=${COMMIT} node platform/cli/bin/fieldguide.mjs stage \
  && mkdir -p /artifacts/none /secrets .fieldguide/environments \
  && for app in .fieldguide/artifacts/*; do \
       cp -r "$app"/*/ "/artifacts/$(basename "$app")" && mkdir "/secrets/$(basename "$app")"; \
     done \
  && mkdir /secrets/postgres /secrets/kafka \
  && chown -R 1000:1000 /secrets .fieldguide/environments
USER 1000:1000
ENTRYPOINT ["node", "platform/cli/bin/fieldguide.mjs"]

FROM ${NODE_IMAGE} AS app
ARG APP
# The web application that it serves: `none` is an empty folder.
ARG WEB_APP=none
COPY --from=tools /artifacts/${APP} /app
COPY --from=tools /artifacts/${WEB_APP} /web
RUN mkdir /data && chown 1000:1000 /data
WORKDIR /app
USER 1000:1000
# glibc returns the memory that argon2 and big buffers have used (docs/adr/0006-reduce-idle-memory-and-cpu-by-measurement.md).
ENV APP=${APP} HOST=0.0.0.0 PORT=3000 NODE_ENV=production \
    MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=262144 MALLOC_TRIM_THRESHOLD_=262144
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=6 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Each container is an instance of its own, so that `--scale ordering=3` works; `exec` lets SIGTERM through.
CMD ["/bin/sh", "-c", "INSTANCE=${INSTANCE:-$APP-$(hostname)} ADVERTISED_HOST=${ADVERTISED_HOST:-$(hostname -i | cut -d' ' -f1)} exec node --max-semi-space-size=2 --expose-gc --disable-warning=TimeoutNegativeWarning main.cjs"]
