import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { inSpan, makeLog, metrics, traceInto } from '@fieldguide/telemetry';
import {
  type RecordedTraces,
  recordTraces,
  SpanKind,
  SpanStatusCode,
} from '@fieldguide/telemetry/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Envelope } from './envelope.ts';
import { MemoryMessaging, MessageConsumer } from './parts.ts';
import { envelope } from './testing/messaging.contract.ts';

const [clock, ids] = [new SystemClock(), new SystemIds()];
const contract = {
  topic: 'things.v1',
  senders: ['test'],
  type: 'ThingChanged',
  data: z.object({}),
};
const log = makeLog('test', 'test', 'silent');
let traces: RecordedTraces;
let messaging: MemoryMessaging;
let failures: number;
let onward: string | undefined;
beforeAll(async () => {
  traces = await recordTraces();
});
afterAll(() => traces.stop());
beforeEach(async () => {
  await traces.clear();
  metrics.registry.resetMetrics();
  failures = 0;
  onward = undefined;
  const units = new MemoryUnitOfWorkRunner({ service: 'test', clock, ids });
  const handle = async () => {
    onward = traceInto({}).traceparent;
    if (failures-- > 0) throw new Error('not yet');
  };
  const consumer = new MessageConsumer('stock', units, [{ contract, handle }], clock, log);
  messaging = new MemoryMessaging(clock);
  const options = { mode: 'shared', group: 'stock' } as const;
  await messaging.subscribe([contract.topic], options, (batch) => consumer.handle(batch));
});

/** Publishes messages that a request has created. */
async function publish(...messages: Envelope[]): Promise<void> {
  const created = await inSpan(
    { kind: 'server', name: 'POST /x', attributes: { 'http.request.method': 'POST' } },
    async () => messages.map((each) => traceInto({ ...each })),
  );
  await messaging.publish(created.map((each) => ({ topic: contract.topic, envelope: each })));
  await messaging.close();
}

describe('a message', () => {
  it('continues the trace that has created it, with a link to the span that has published it', async () => {
    const message = envelope('thing-1', {});
    await publish(message);
    const [request] = await traces.named('POST /x');
    const [sent] = await traces.named('send things.v1');
    const [processed] = await traces.named('process things.v1');
    const origin = request!.spanContext();
    for (const span of [sent!, processed!]) {
      expect(span.spanContext().traceId).toBe(origin.traceId);
      expect(span.parentSpanContext?.spanId).toBe(origin.spanId);
    }
    expect(processed!.links.map(({ context }) => context.spanId)).toEqual([
      sent!.spanContext().spanId,
    ]);
    expect(onward).toContain(processed!.spanContext().spanId);
    const common = {
      'messaging.system.name': 'kafka',
      'messaging.destination.name': 'things.v1',
      'messaging.message.id': message.id,
      'cloudevents.event_type': 'ThingChanged',
      'cloudevents.event_subject': 'thing-1',
    };
    expect(sent).toMatchObject({
      kind: SpanKind.PRODUCER,
      attributes: {
        ...common,
        'messaging.operation.type': 'send',
        'messaging.batch.message_count': 1,
      },
    });
    expect(processed).toMatchObject({
      kind: SpanKind.CONSUMER,
      attributes: {
        ...common,
        'messaging.operation.type': 'process',
        'messaging.consumer.group.name': 'stock',
      },
    });
  });

  it('has a span of its own in a batch', async () => {
    await publish(envelope('thing-1', {}), envelope('thing-2', {}));
    const sent = await traces.named('send things.v1');
    expect(sent.map(({ attributes }) => attributes['messaging.batch.message_count'])).toEqual([
      2, 2,
    ]);
  });

  it('whose handler fails has a failed span for each attempt', async () => {
    failures = 1;
    await publish(envelope('thing-1', {}));
    const processed = await traces.named('process things.v1');
    expect(processed.map(({ status }) => status.code)).toEqual([
      SpanStatusCode.ERROR,
      SpanStatusCode.UNSET,
    ]);
  });

  it('is counted by its outcome', async () => {
    failures = 1;
    await publish(envelope('thing-1', {}));
    const { values } = await metrics.messagesHandledSeconds.get();
    const counts = values.filter(({ metricName }) => metricName?.endsWith('_count'));
    expect(counts.map(({ labels, value }) => [labels.outcome, value])).toEqual([
      ['failed', 1],
      ['handled', 1],
    ]);
    expect(counts[0]!.labels).toMatchObject({
      messaging_destination_name: 'things.v1',
      cloudevents_event_type: 'ThingChanged',
      messaging_consumer_group_name: 'stock',
    });
  });
});

describe('an unsampled message', () => {
  it('has no spans', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
    await messaging.publish([
      { topic: contract.topic, envelope: { ...envelope('thing-1', {}), traceparent } },
    ]);
    await messaging.close();
    expect(onward).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-.*-00$/);
    expect(await traces.spans()).toEqual([]);
  });
});
