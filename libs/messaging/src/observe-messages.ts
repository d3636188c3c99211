import { endSpan, errorType, inSpan, metrics, startSpan, traceInto } from '@fieldguide/telemetry';
import type { Envelope } from './envelope.ts';
import type { IncomingRecord, OutgoingRecord } from './messaging.ts';

/** `expired`: its source does not need it any more. `failed`: the transport delivers the message again. */
export type Outcome = 'handled' | 'duplicate' | 'expired' | 'skipped' | 'parked' | 'failed';

/**
 * Records a publish span for each message, in the trace of what has created it, and the duration of the batch.
 * @param send gets for each message the `traceparent` of its span, if that is recorded
 */
export async function observePublish(
  batch: readonly OutgoingRecord[],
  send: (traceparents: readonly (string | undefined)[]) => Promise<void>,
): Promise<void> {
  const begun = performance.now();
  const operation = { messaging_operation_name: 'send' };
  const spans = batch.map(({ topic, envelope }) =>
    startSpan({
      kind: 'publish',
      name: `send ${topic}`,
      attributes: {
        ...attributesOf(topic, 'send', envelope),
        'messaging.batch.message_count': batch.length,
      },
      from: { ...envelope },
    }),
  );
  try {
    await send(
      spans.map((span) => (span.isRecording() ? traceInto({}, span).traceparent : undefined)),
    );
  } catch (error) {
    const type = errorType(error);
    for (const span of spans) endSpan(span, { type, error });
    const seconds = (performance.now() - begun) / 1_000;
    metrics.messagingSeconds.observe({ ...operation, error_type: type }, seconds);
    throw error;
  }
  for (const span of spans) endSpan(span);
  metrics.messagingSeconds.observe(operation, (performance.now() - begun) / 1_000);
  for (const { topic, envelope } of batch)
    metrics.messagesSent.inc({
      messaging_destination_name: topic,
      cloudevents_event_type: envelope.type,
    });
}

export interface HandledMessage {
  readonly record: IncomingRecord;
  readonly envelope: Envelope | undefined;
  readonly group: string;
  /** The type in metrics, of few values. */
  readonly type: string;
}

/**
 * Records a span and the duration of handling a message. The span continues the trace of what has created the message,
 * and is linked to the span that has published it.
 * @param whenDone reports now, or when the effect is committed
 */
export async function observeHandling(
  { record, envelope, group, type }: HandledMessage,
  work: () => Promise<Outcome>,
  whenDone = (report: () => void) => report(),
): Promise<void> {
  const begun = performance.now();
  const { topic, position, traceparent } = record;
  const report = (outcome: Outcome) => {
    const labels = {
      messaging_destination_name: topic,
      cloudevents_event_type: type,
      messaging_consumer_group_name: group,
      outcome,
    };
    metrics.messagesHandledSeconds.observe(labels, (performance.now() - begun) / 1_000);
  };
  const span = {
    kind: 'handle',
    name: `process ${topic}`,
    attributes: {
      ...attributesOf(topic, 'process', envelope),
      'messaging.consumer.group.name': group,
      'messaging.destination.partition.id': String(position.partition),
      'kafka.offset': Number(position.offset),
    },
    from: { ...envelope },
    link: traceparent ? { traceparent } : undefined,
  } as const;
  try {
    const outcome = await inSpan(span, work);
    whenDone(() => report(outcome));
  } catch (error) {
    report('failed');
    throw error;
  }
}

const attributesOf = (topic: string, operation: string, envelope: Envelope | undefined) => ({
  'messaging.system.name': 'kafka',
  'messaging.destination.name': topic,
  'messaging.operation.name': operation,
  'messaging.operation.type': operation,
  ...(envelope && {
    'messaging.message.id': envelope.id,
    'cloudevents.event_type': envelope.type,
    'cloudevents.event_subject': envelope.subject,
  }),
});
