import { startLeasedWorker } from '@fieldguide/database';
import {
  Checkpoint,
  EventStore,
  eventStoreMigrations,
  rebuildable,
  rebuildTask,
  runBatch,
  subscriptionBacklog,
} from '@fieldguide/event-store';
import { startRelay } from '@fieldguide/messaging';
import { defineService, watchBacklog } from '@fieldguide/service';
import { metrics } from '@fieldguide/telemetry';
import { ReviewsTables1760000002000 } from '../migrations/1760000002000-reviews-tables.ts';
import { ChangedProducts1760000002001 } from '../migrations/1760000002001-changed-products.ts'; // with --consumes
import { ChangedProduct } from './on-product-changed/changed-product.entity.ts'; // with --consumes
import { PUBLISHER, reviewsReader } from './publish-reviews/publish-reviews.ts';
import { reviewList } from './review-list/review-list.projection.ts';
import { ReviewRow } from './review-list/review-row.entity.ts';
import { ReviewsConfig } from './reviews.config.ts';
import { ReviewsModule } from './reviews.module.ts';

export const reviews = defineService({
  name: 'reviews',
  config: ReviewsConfig,
  module: ReviewsModule,
  database: {
    entities: [
      Checkpoint,
      ReviewRow,
      ChangedProduct, // with --consumes
    ],
    migrations: [
      ...eventStoreMigrations,
      ReviewsTables1760000002000,
      ChangedProducts1760000002001, // with --consumes
    ],
  },
  tasks: { rebuild: rebuildTask([rebuildable(reviewList)]) },
  work: (parts, app) => {
    const { database, units, leases, messaging } = parts;
    const events = app.get(EventStore);
    const project = { ...parts, name: `projection:${reviewList.name}`, channel: 'feed' };
    return [
      startRelay(reviewsReader(events), messaging, leases, parts),
      startLeasedWorker(project, leases, (lease) => runBatch(reviewList, events, units, { lease })),
      watchBacklog(
        'publisher',
        () => subscriptionBacklog(database, PUBLISHER),
        parts,
        ({ count, oldestSeconds }) => {
          metrics.subscriptionLagEvents.set({ subscription: PUBLISHER }, count);
          metrics.subscriptionOldestAgeSeconds.set({ subscription: PUBLISHER }, oldestSeconds);
        },
      ),
    ];
  },
});
