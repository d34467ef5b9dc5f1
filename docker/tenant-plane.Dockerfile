# syntax=docker/dockerfile:1.7
# Build in the root of the repository: docker build -f docker/tenant-plane.Dockerfile -t atlas/tenant-plane:0.1.0 .
#
# CMD runs the plane. Customers also use "docker run … atlas-tp" with the commands preflight, enrol and status.
# The image also contains the agent, for customers to copy out: "docker run … cat dist/apps/agent/atlas-agent.cjs".

# Only what npm needs, so that a change to the sources does not reinstall the packages.
FROM node:24.21.0-bookworm AS manifests
WORKDIR /src
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json -delete

# Only production dependencies, without the development tools that some of them list as optional peers.
FROM node:24.21.0-bookworm AS dependencies
WORKDIR /src
COPY --from=manifests /src .
RUN npm ci --omit=dev --ignore-scripts \
  && rm -rf node_modules/typescript node_modules/ts-node node_modules/@swc node_modules/@types

# The native SQLite driver, compiled for this exact version of Node. Only the driver itself is kept.
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
RUN npx nx run-many -t build -p tenant-plane,cli,agent,workspace \
  && mkdir /out \
  && cp -r --parents package.json libs/*/package.json libs/*/dist dist/apps/tenant-plane dist/apps/workspace \
    dist/apps/cli dist/apps/agent apps/cli/package.json apps/cli/bin libs/tooling/src/require-node.mjs /out

FROM node:24.21.0-bookworm-slim
# The file system may be read-only except for /app/data. Fewer malloc arenas save memory, since each keeps megabytes.
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
