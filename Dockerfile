# The images of Turnpike, a target for each plane: `controller` and `dataplane`.
#
#   docker buildx build --target dataplane --platform linux/amd64,linux/arm64 \
#     --build-arg VERSION=0.1.0 --tag turnpike/dataplane:0.1.0 --push .
#
# Both bases can be pinned: --build-arg NODE_IMAGE=node@sha256:... --build-arg DEBIAN_IMAGE=debian@sha256:...
# An npm registry of one's own comes in as a secret, which stays out of every layer: --secret id=npmrc,src=$HOME/.npmrc
# Each image has one plane's rooms and packages, the node binary and the libraries that it needs; no npm, no compiler.
# It runs as 65532 on a read-only root without capabilities.

# The very version that the tests run on (optionalDependencies in package.json).
ARG NODE_IMAGE=docker.io/library/node:26.10.0-trixie-slim
ARG DEBIAN_IMAGE=docker.io/library/debian:trixie-slim

FROM ${NODE_IMAGE} AS node
# Of a stage without a step buildah 1.28 keeps a container for ever.
WORKDIR /usr/local/bin

# No package that the planes use is compiled here (bcrypt brings what is for all machines), so one machine's are any
# machine's.
FROM --platform=${BUILDPLATFORM} ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
  npm ci --omit=dev --omit=optional --ignore-scripts \
  && find node_modules -type f '(' \
    -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.md' ')' -delete \
  && find node_modules -depth -type d -empty -delete

# Each plane is rid of the other's packages: npm knows what else these brought along, and npm asks nobody for that.
FROM packages AS controller-packages
RUN npm uninstall --no-save --offline --omit=dev --omit=optional --ignore-scripts \
    @bufbuild/protobuf bcrypt ioredis lru-cache oauth4webapi structured-headers yaml \
  && rm node_modules/.package-lock.json && find node_modules -depth -type d -empty -delete

FROM packages AS dataplane-packages
RUN npm uninstall --no-save --offline --omit=dev --omit=optional --ignore-scripts \
    @kubernetes/client-node @peculiar/x509 undici yaml zod \
  && rm node_modules/.package-lock.json && find node_modules -depth -type d -empty -delete

# A base that has the libraries already (an organisation's own, or the one of the tests) needs no network here.
FROM ${DEBIAN_IMAGE} AS base
RUN dpkg --status libatomic1 libstdc++6 >/dev/null 2>&1 || { \
    apt-get update && apt-get install --yes --no-install-recommends libatomic1 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log; }
RUN groupadd --gid 65532 turnpike \
  && useradd --uid 65532 --gid 65532 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin turnpike
COPY --from=node /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
# MALLOC_ARENA_MAX: what a thread has freed stays with the process otherwise (docs/decisions/0033-collecting.md).
ENV NODE_ENV=production MALLOC_ARENA_MAX=1
USER 65532:65532

# Code as everybody may read and nobody change it, whatever the checkout's own modes are.
FROM packages AS controller-code
WORKDIR /code
COPY LICENSE package.json ./
COPY admin admin
COPY snapshot snapshot
COPY cel cel
COPY crds crds
COPY controller controller
RUN chmod -R u=rwX,go=rX .

FROM packages AS dataplane-code
WORKDIR /code
COPY LICENSE package.json ./
COPY admin admin
COPY cel cel
COPY snapshot snapshot
COPY dataplane dataplane
RUN chmod -R u=rwX,go=rX .

# Dependencies come before code: a change of code copies code alone.
FROM base AS controller-files
COPY --from=controller-packages /app/node_modules node_modules
COPY --from=controller-code /code ./

FROM base AS dataplane-files
COPY --from=dataplane-packages /app/node_modules node_modules
COPY --from=dataplane-code /code ./

# Node strips types and V8 compiles once, here: a start takes half the time. V8 refuses what another machine's V8 made,
# and the cache is of this user alone: for another (runAsUser) all works, and a start compiles again.
FROM controller-files AS controller-compiled
RUN export NODE_COMPILE_CACHE=/tmp/compile-cache \
  && node --heap-growing-percent=50 controller/main.ts --help >/dev/null \
  && chmod -R a+rX,a-w /tmp/compile-cache

FROM dataplane-files AS dataplane-compiled
RUN export NODE_COMPILE_CACHE=/tmp/compile-cache \
  && node --single-threaded-gc --heap-growing-percent=30 --expose-gc --gc-memory-reducer-start-delay-ms=3000 \
    --compaction-max-evacuated-bytes-mb-for-reduce-memory=1 --min-semi-space-size=32 dataplane/main.ts --help >/dev/null \
  && chmod -R a+rX,a-w /tmp/compile-cache

FROM controller-files AS controller
COPY --from=controller-compiled --chown=0:0 /tmp/compile-cache .compile-cache
ENV NODE_COMPILE_CACHE=/app/.compile-cache
ARG VERSION
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Turnpike controller" \
  org.opencontainers.image.description="Turns Gateway API resources into snapshots for Turnpike's data planes" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
# How V8 collects: docs/decisions/0033-collecting.md. Code compiled with other options is not taken from the cache.
ENTRYPOINT ["node", "--heap-growing-percent=50", "/app/controller/main.ts"]

FROM dataplane-files AS dataplane
COPY --from=dataplane-compiled --chown=0:0 /tmp/compile-cache .compile-cache
ENV NODE_COMPILE_CACHE=/app/.compile-cache
ARG VERSION
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Turnpike data plane" \
  org.opencontainers.image.description="Serves one Gateway: proxies, authenticates and rate-limits its requests" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
# How V8 collects, see above.
ENTRYPOINT ["node", "--single-threaded-gc", "--heap-growing-percent=30", "--expose-gc", "--gc-memory-reducer-start-delay-ms=3000", "--compaction-max-evacuated-bytes-mb-for-reduce-memory=1", "--min-semi-space-size=32", "/app/dataplane/main.ts"]
