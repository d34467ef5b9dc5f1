# syntax=docker/dockerfile:1.7
# Build from the repository's root: docker build -f docker/tenant-plane.Dockerfile -t atlas/tenant-plane:0.1.0 .
#
# CMD serves; "docker run … atlas-tp preflight", "enrol" and "status" are a customer's commands.

# All that npm has to know: a change of sources does not install again.
FROM node:24.21.0-bookworm AS manifests
WORKDIR /src
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json -delete

# Production dependencies only, without the tools for development that some name as optional peers.
FROM node:24.21.0-bookworm AS dependencies
WORKDIR /src
COPY --from=manifests /src .
RUN npm ci --omit=dev --ignore-scripts \
  && rm -rf node_modules/typescript node_modules/ts-node node_modules/@swc node_modules/@types

# The native SQLite driver, compiled for this very Node; only the driver itself goes on.
FROM dependencies AS sqlite
ENV npm_config_build_from_source=true npm_config_nodedir=/usr/local
RUN npm rebuild sqlite3 \
  && find node_modules/sqlite3/build -type f ! -name node_sqlite3.node -delete \
  && rm -rf node_modules/sqlite3/deps node_modules/sqlite3/src

FROM node:24.21.0-bookworm AS build
WORKDIR /src
COPY --from=manifests /src .
RUN npm ci --ignore-scripts
COPY . .
RUN npx nx run-many -t build -p tenant-plane,cli \
  && mkdir /out \
  && cp -r --parents package.json libs/*/package.json libs/*/dist dist/apps/tenant-plane \
    dist/apps/cli apps/cli/package.json apps/cli/bin libs/tooling/src/require-node.mjs /out

FROM node:24.21.0-bookworm-slim
# The file system may be read-only but for /app/data. Each thread that has an arena of its own keeps megabytes in it.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4200 TMPDIR=/app/data MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=sqlite /src/node_modules node_modules
COPY --from=build /out .
RUN mkdir data && chown node:node data && ln -s /app/apps/cli/bin/atlas-tp.mjs /usr/local/bin/atlas-tp
USER node
VOLUME /app/data
EXPOSE 4200
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/health/ready').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "dist/apps/tenant-plane/main.js"]
