import { describe, expect, it } from 'vitest';
import { foreignViolation, violation } from './boundaries.ts';

describe('a boundary', () => {
  it.each([
    ['apps/ordering/src/x.ts', '@fieldguide/payments', 'nobody imports an app'],
    ['apps/ordering/src/x.ts', '../../payments/src/payment/payment.model.ts', 'by its name'],
    ['libs/clock/src/x.ts', '@fieldguide/ordering', 'nobody imports an app'],
    ['libs/messaging/src/x.ts', '@fieldguide/contracts/ordering', 'no contract'],
    ['libs/messaging/src/x.ts', '@fieldguide/event-store', 'earlier group'],
    ['libs/database/src/x.ts', '@fieldguide/service', 'earlier group'],
    ['libs/clock/src/x.ts', '../../database/src/index.ts', 'by its name'],
    ['contracts/ordering/index.ts', '@fieldguide/clock', 'zod only'],
    ['apps/ordering/src/x.ts', '@fieldguide/platform-host/state', 'know no platform'],
    ['platform/host/src/x.ts', '@fieldguide/platform-controller/status', 'earlier ones'],
    ['platform/host/src/x.ts', '@fieldguide/system', 'only tools and tests'],
    ['apps/ordering/src/x.ts', '@fieldguide/system', 'only tools and tests'],
    ['system/system.ts', '@fieldguide/clock', 'contracts and the model'],
    ['platform/cli/src/x.ts', '@fieldguide/ordering', 'nobody imports an app'],
    ['platform/cli/src/x.ts', '@fieldguide/database', 'knows no lib'],
  ])('is crossed when %s imports %s', (file, specifier, rule) =>
    expect(violation(file, specifier)).toContain(rule),
  );
  it.each([
    ['contracts/ordering/index.ts', '@nestjs/common', 'zod only'],
    ['apps/ordering/src/order/order.model.ts', '@nestjs/common', 'pure'],
    ['apps/ordering/src/checkout/checkout.model.ts', 'typeorm', 'pure'],
  ])('is crossed when %s imports %s', (file, specifier, rule) =>
    expect(foreignViolation(file, specifier)).toContain(rule),
  );
  it.each([
    ['apps/ordering/src/x.ts', '@fieldguide/contracts/payments'],
    ['apps/ordering/src/x.ts', '@fieldguide/service'],
    ['apps/ordering/src/place-order/x.ts', '../order/order.model.ts'],
    ['libs/service/src/x.ts', '@fieldguide/auth'],
    ['libs/event-store/src/testing/x.ts', '../decider.ts'],
    ['contracts/ordering/index.ts', '../money.ts'],
  ])('lets %s import %s', (file, specifier) => expect(violation(file, specifier)).toBeUndefined());
});
