import { describeProviderPacts } from '@fieldguide/contract-testing/provider';
import { review } from '@fieldguide/contracts/reviews/examples';
import { Review } from '../src/review/review.entity.ts';
import { reviews } from '../src/reviews.definition.ts';

describeProviderPacts(reviews, {
  callers: { customer: { id: 'a-customer', scope: '' } },
  states: ({ parts }) => {
    const { manager } = parts.database!.source;
    const exists = ({ reviewId = '' }) => manager.existsBy(Review, { id: reviewId });
    return {
      'a review exists': {
        set: ({ reviewId = '' }) =>
          parts.units!.run((uow) => {
            const { text } = review.value;
            const row = { id: reviewId, text, createdAt: uow.now() };
            return uow.save(Review, Object.assign(new Review(), row));
          }),
        holds: exists,
      },
      'there is no review': { holds: async (values) => !(await exists(values)) },
    };
  },
});
