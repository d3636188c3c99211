import { expect, it } from 'vitest';
import { gaugesOf } from './gauges.ts';

it('reads the gauges that it knows, with their labels, and marks the bad ones', () => {
  const metrics = `# HELP outbox_oldest_age_seconds Age
outbox_oldest_age_seconds 0.25
breaker_state{breaker="shelf"} 2
dead_letters_waiting 1
messaging_consumer_lag_messages{messaging_destination_name="loans.v1",messaging_consumer_group_name="shelf"} 7
nodejs_eventloop_lag_seconds 9
subscription_lag_events{subscription="summary"} Nan
`;
  expect(gaugesOf(metrics)).toEqual([
    { label: 'outbox age', text: '0.3 s', isBad: false },
    { label: 'breaker of shelf', text: 'open', isBad: true },
    { label: 'dead letters', text: '1 letter', isBad: true },
    { label: 'consumer lag of loans.v1, shelf', text: '7 messages', isBad: false },
  ]);
});
