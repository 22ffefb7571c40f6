# Dialback alone; docker-compose.yml puts drachtio-server and FreeSWITCH beside it.
FROM node:22-bookworm-slim AS build
WORKDIR /srv/dialback
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
RUN npm ci
COPY src src
RUN npm run build && npm prune --omit=dev

FROM node:22-bookworm-slim
WORKDIR /srv/dialback
COPY --from=build /srv/dialback/node_modules node_modules
COPY --from=build /srv/dialback/dist dist
COPY package.json ./
COPY config config
COPY media media
# Volumes take their owner from here.
RUN mkdir data exchange && chown node:node data exchange
USER node
ENTRYPOINT ["node", "dist/cli.js"]
CMD ["run"]
