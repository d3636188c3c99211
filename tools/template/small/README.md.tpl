# Fieldguide

Microservices in TypeScript on real PostgreSQL, Apache Kafka and Consul. One command starts all of it, without Docker. This clone is the small version: a gateway, accounts with tokens, and the services that it was stripped to.

<!-- system -->
<!-- /system -->

Solid lines are HTTP, dashed lines are messages in Kafka. Not shown: every app reads identity's keys and its ended sessions.

## Start

You need Node 20 or newer. Everything else is downloaded.

```sh
npm start   # install the locked packages and start everything; Ctrl-C stops it
npm test    # check, then run unit, contract, integration and end-to-end tests
```

The start screen shows the address of the gateway, `http://127.0.0.1:8080`, and of the API to try, `/docs`.
Accounts: Ada (`ada@fieldguide.test`) is a customer, Grace (`grace@fieldguide.test`) is staff. The password of both is `outdoor-gear`, in the `local` environment only.

| command | result |
|---|---|
| `npm run status` | show apps and backing services with their health |
| `npm run reset` | delete all data and seed the databases again |
| `npm run check` | check lint, types, boundaries, prose and docs |
| `npx fieldguide doctor` | check whether this machine can run everything |
| `npx fieldguide --help` | list all commands |

## Services

<!-- services -->
<!-- /services -->

Add one: `npm run generate -- service reviews --crud` ([how to](docs/how-to/add-or-remove-a-service.md)). Give the clone its name: [rename](docs/how-to/rename-your-clone.md).

## Where things are

| folder | content |
|---|---|
| `apps/` | the services |
| `libs/` | what services share: database, messaging, resilience, auth … |
| `contracts/` | what each provider guarantees: schemas, topics, pacts |
| `system/` | the map of the apps |
| `platform/` | runs apps and backing services |
| `e2e/` | journeys through the running system |
| `tools/` | checks and generators |
| `docs/` | [documentation](docs/README.md) |

License: Apache-2.0.
