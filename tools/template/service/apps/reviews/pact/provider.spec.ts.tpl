import { describeProviderPacts, type ProviderState } from '@fieldguide/contract-testing/provider';
import * as examples from '@fieldguide/contracts/reviews/examples';
import { EventStore, runBatch } from '@fieldguide/event-store'; // with --event-sourced
import { Reviews } from '../src/review/reviews.ts';
import { reviewList } from '../src/review-list/review-list.projection.ts'; // with --event-sourced
import { ReviewRow } from '../src/review-list/review-row.entity.ts';
import { reviewsReader } from '../src/publish-reviews/publish-reviews.ts'; // with --event-sourced
import { reviews } from '../src/reviews.definition.ts';

describeProviderPacts(reviews, {
  callers: { customer: { id: 'a-customer', scope: '' } },
  publishedMessages: async ({ app }) => (await reviewsReader(app.get(EventStore)).read()).messages, // with --event-sourced
  states: ({ app, parts }) => {
    const { text } = examples.review.value;
    const hasRow = (id = '', status = 'open') =>
      parts.database!.source.manager.existsBy(ReviewRow, { id, status: status as ReviewRow['status'] });
    const state = (status: ReviewRow['status']): ProviderState => ({
      set: async ({ reviewId = '' }) => {
        await app.get(Reviews).add({ text }, reviewId);
        if (status === 'closed') await app.get(Reviews).close(reviewId);
        while (await runBatch(reviewList, app.get(EventStore), parts.units!)); // with --event-sourced
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
