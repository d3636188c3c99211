export {
  type EventTranslation,
  eventFeedReader,
  type Lifetimes,
  translate,
} from './event-feed-reader.ts';
export { EventPublishingModule } from './event-publishing.module.ts';
export { subscriptionBacklog } from './subscription-backlog.ts';
