# syntax=docker/dockerfile:1.7
# Build in the root of the repository: docker build -f docker/control-plane.Dockerfile -t atlas/control-plane:0.1.0 .

# Only what npm needs, so that a change to the sources does not reinstall the packages.
FROM node:24.21.0-bookworm AS manifests
WORKDIR /src
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json -delete

FROM node:24.21.0-bookworm AS dependencies
WORKDIR /src
COPY --from=manifests /src .
RUN npm ci --omit=dev --ignore-scripts

# The plane is a bundle. Of its dependencies, only native code and the files of the API documentation page stay outside.
# The SQLite driver is compiled for this exact version of Node.
FROM dependencies AS outside
ENV npm_config_build_from_source=true npm_config_nodedir=/usr/local
RUN npm rebuild sqlite3 \
  && find node_modules/sqlite3/build -type f ! -name node_sqlite3.node -delete \
  && rm -rf node_modules/sqlite3/deps node_modules/sqlite3/src \
  && mkdir /out \
  && cp -r --parents node_modules/sqlite3 node_modules/bindings node_modules/file-uri-to-path \
    node_modules/@node-rs node_modules/swagger-ui-dist /out

FROM node:24.21.0-bookworm AS build
WORKDIR /src
COPY --from=manifests /src .
RUN npm ci --ignore-scripts
COPY . .
RUN npx nx run-many -t build -p control-plane,admin-console \
  && mkdir /out \
  && cp -r --parents package.json dist/apps/control-plane dist/apps/admin-console /out

FROM node:24.21.0-bookworm-slim
# The file system may be read-only except for /app/data. Fewer malloc arenas save memory, since each keeps megabytes.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4100 TMPDIR=/app/data MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=outside /out .
COPY --from=build /out .
RUN mkdir data && chown node:node data
USER node
VOLUME /app/data
EXPOSE 4100
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/health/ready').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "dist/apps/control-plane/main.js"]
