import { describeProviderPacts, type ProviderState } from '@fieldguide/contract-testing/provider';
import * as examples from '@fieldguide/contracts/reviews/examples';
import { Database } from '@fieldguide/database';
import { UnitOfWorkRunner } from '@fieldguide/database'; // with --event-sourced
import { eventFeedReader } from '@fieldguide/event-publishing'; // with --event-sourced
import { EventStore } from '@fieldguide/event-store'; // with --event-sourced
import { runBatch } from '@fieldguide/event-store/parts'; // with --event-sourced
import { Reviews } from '../src/review/reviews.ts';
import { reviewList } from '../src/review-list/review-list.projection.ts'; // with --event-sourced
import { ReviewRow } from '../src/review-list/review-row.entity.ts';
import { reviewMessages } from '../src/publish-reviews/publish-reviews.ts'; // with --event-sourced
import { ReviewsModule } from '../src/reviews.module.ts';

describeProviderPacts('reviews', ReviewsModule, {
  callers: { customer: { id: 'a-customer', scope: '' } },
  publishedMessages: async (app) => { // with --event-sourced
    const reader = eventFeedReader('publish-reviews', app.get(EventStore), 'reviews', reviewMessages); // with --event-sourced
    return (await reader.read()).messages; // with --event-sourced
  }, // with --event-sourced
  states: (app) => {
    const { text } = examples.review.value;
    const hasRow = (id = '', status = 'open') =>
      app.get(Database).source.manager.existsBy(ReviewRow, { id, status: status as ReviewRow['status'] });
    const state = (status: ReviewRow['status']): ProviderState => ({
      set: async ({ reviewId = '' }) => {
        await app.get(Reviews).add({ text }, reviewId);
        if (status === 'closed') await app.get(Reviews).close(reviewId);
        while (await runBatch(reviewList, app.get(EventStore), app.get(UnitOfWorkRunner))); // with --event-sourced
      },
      holds: ({ reviewId }) => hasRow(reviewId, status),
    });
    return {
      'a review was added': state('open'),
      'a review was closed': state('closed'),
      'there is no review': { holds: async ({ reviewId }) => !(await hasRow(reviewId)) },
    };
  },
});
