# reviews

| | |
|---|---|
| owns | reviews |
| handles | `GET`/`POST /reviews`, `GET /reviews/:id`, `POST /reviews/:id/closure` |
| publishes | `ReviewAdded`, `ReviewClosed` |
| consumes | `ProductChanged` | // with --consumes
| consumes | – | // without --consumes

A service with one table, an outbox and contracts. // with --crud
An event-sourced service: a [model](src/review/review.model.ts), its [events](src/review/review.events.ts), a [projection](src/review-list/review-list.projection.ts), and a [translation](src/publish-reviews/publish-reviews.ts) of events into published messages. // with --event-sourced

Run: `npm start` · logs: `npm run logs -- -f reviews` · test: `npx vitest run --project unit apps/reviews`

## Retention

| service | table | kept | deleted by | why |
|---|---|---|---|---|
| reviews | `reviews` | for ever | never | One row for each review |
| reviews | `changed_products` | for ever | never | The latest `ProductChanged` of each subject | // with --consumes

| topic | kept | segment | why |
|---|---|---|---|
| `reviews.reviews.v1` | 7 days | 1 day | A consumer may be down for a week |
