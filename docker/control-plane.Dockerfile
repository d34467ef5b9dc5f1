# syntax=docker/dockerfile:1
# Build from the repository's root: docker build -f docker/control-plane.Dockerfile -t atlas/control-plane .

FROM node:24-bookworm AS build
WORKDIR /src
COPY . .
RUN npm ci --ignore-scripts && npx nx run-many -t build -p control-plane

# Production dependencies only; the native SQLite driver is compiled here when its prebuilt file can't be had.
FROM node:24-bookworm AS dependencies
WORKDIR /src
COPY package.json package-lock.json ./
COPY --from=build /src/libs libs
RUN npm ci --omit=dev

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4100
WORKDIR /app
COPY --from=dependencies /src/node_modules node_modules
COPY --from=dependencies /src/libs libs
COPY --from=build /src/dist/apps/control-plane dist/apps/control-plane
COPY package.json ./
RUN mkdir data && chown node:node data
USER node
VOLUME /app/data
EXPOSE 4100
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/health/ready').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "dist/apps/control-plane/main.js"]
