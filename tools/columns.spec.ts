import { stripVTControlCharacters } from 'node:util';
import { table } from '@fieldguide/platform-cli/screen/tables';
import { eventText, projectionsTable } from '@fieldguide/system/commands/events/event-tables';
import { checkoutsTable } from '@fieldguide/system/commands/orders/checkouts-table';
import { describe, expect, it } from 'vitest';

const id = '01a223f5-8a1e-7041-9d6d-27aee0d231f9';
const time = '2030-01-01T12:00:00.000Z';
const widthOf = (text: string) =>
  Math.max(
    ...stripVTControlCharacters(text)
      .split('\n')
      .map((line) => line.length),
  );

describe('80 columns hold', () => {
  it('an open checkout', () => {
    const now = new Date().toISOString();
    const checkout = { orderId: id, step: 'awaitingPayment', waitsSince: now, deadlineAt: now };
    const open = { ...checkout, overdueSince: null, retries: 0 };
    const text = checkoutsTable(table, [open, { ...open, overdueSince: now }]);
    expect(widthOf(text)).toBeLessThanOrEqual(80);
  });

  it('a paused projection far behind', () => {
    const projection = { name: 'publish-orders', position: '1234567', instance: 'ordering-1-25' };
    const paused = { ...projection, lagEvents: 12_345, pausedSince: time };
    const text = projectionsTable(table, [paused]);
    expect(text).toContain('paused 01-01 12:00, 12345 events behind');
    expect(widthOf(text)).toBeLessThanOrEqual(80);
  });

  it('an event with its actor, apart from its data', () => {
    const event = { stream: `order-${id}`, version: 12, type: 'CancellationRequested' };
    const text = eventText({ ...event, time, data: {}, actor: id });
    expect(widthOf(text)).toBeLessThanOrEqual(80);
    expect(stripVTControlCharacters(text)).toContain(`CancellationRequested by ${id}\n  {}`);
  });
});
