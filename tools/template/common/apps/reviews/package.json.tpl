{
  "name": "@fieldguide/reviews",
  "version": "0.1.0",
  "private": true,
  "license": "Apache-2.0",
  "type": "module",
  "dependencies": {
    "@fieldguide/auth": "*",
    "@fieldguide/clock": "*",
    "@fieldguide/config": "*",
    "@fieldguide/contracts": "*",
    "@fieldguide/database": "*",
    "@fieldguide/problems": "*",
    "@fieldguide/service": "*",
    "@nestjs/common": "12.5.1",
    "fastify": "5.12.8",
    "reflect-metadata": "0.2.2",
    "rxjs": "7.8.2",
    "typeorm": "1.1.1",
    "zod": "4.6.7"
  },
  "devDependencies": {
    "@fieldguide/contract-testing": "*"
  },
  "nx": {
    "tags": ["type:app"]
  }
}
