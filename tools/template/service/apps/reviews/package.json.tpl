{
  "name": "@fieldguide/reviews",
  "version": "0.1.0",
  "private": true,
  "license": "Apache-2.0",
  "type": "module",
  "exports": {
    "./*": "./src/*.ts"
  },
  "dependencies": {
    "@fieldguide/auth": "*",
    "@fieldguide/clock": "*",
    "@fieldguide/contracts": "*",
    "@fieldguide/database": "*",
    "@fieldguide/discovery": "*",
    "@fieldguide/event-publishing": "*", // with --event-sourced
    "@fieldguide/event-store": "*", // with --event-sourced
    "@fieldguide/messaging": "*",
    "@fieldguide/problems": "*",
    "@fieldguide/service": "*",
    "@fieldguide/workers": "*",
    "@nestjs/common": "*",
    "fastify": "*",
    "reflect-metadata": "*",
    "rxjs": "*",
    "typeorm": "*",
    "zod": "*"
  },
  "devDependencies": {
    "@fieldguide/contract-testing": "*"
  },
  "nx": {
    "tags": ["type:app"]
  }
}
