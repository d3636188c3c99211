import type { Decider } from '@fieldguide/event-store';
import type { ReviewCommand, ReviewEvent } from './review.events.ts';

interface ReviewState {
  readonly status: 'none' | 'open' | 'closed';
}

/** The rules. Both tables are complete by type: a command or an event without a row does not compile. */
export const review: Decider<ReviewState, ReviewCommand, ReviewEvent> = {
  name: 'review',
  initial: { status: 'none' },

  decide: {
    AddReview: (data, { status }) => (status === 'none' ? [{ type: 'ReviewAdded', data }] : []),
    CloseReview: (_, { status }) =>
      status === 'open' ? [{ type: 'ReviewClosed', data: {} }] : [],
  },

  evolve: {
    ReviewAdded: () => ({ status: 'open' }),
    ReviewClosed: () => ({ status: 'closed' }),
  },
};
