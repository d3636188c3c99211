import type { DomainCommand, EventsOf } from '@fieldguide/event-store';
import { z } from 'zod';

/**
 * The events of a review's stream in their current format. Private: `publish-reviews` decides what is published.
 * A changed format needs an upcaster (docs/how-to/change-a-stored-event.md); a spec fails without one.
 */
export const reviewEvents = {
  ReviewAdded: z.strictObject({ text: z.string() }),
  ReviewClosed: z.strictObject({}),
};
export type ReviewEvent = EventsOf<typeof reviewEvents>;

export type ReviewCommand =
  | DomainCommand<'AddReview', { text: string }>
  | DomainCommand<'CloseReview', object>;
