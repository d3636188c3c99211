import 'reflect-metadata';
import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import type { Operation, OperationRequest } from '@fieldguide/contracts/payment-provider';
import { PaymentAuthorised, PaymentCaptured, PaymentVoided } from '@fieldguide/contracts/payments';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { outboxOf } from '@fieldguide/messaging/testing';
import { CallFailedError } from '@fieldguide/resilience';
import { makeLog } from '@fieldguide/telemetry';
import { type Leases, MemoryNotifier } from '@fieldguide/workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { OnPaymentCommand } from '../on-payment-command/on-payment-command.ts';
import { Payment } from '../payment/payment.entity.ts';
import { Provider } from './provider.ts';
import { ProviderWorker } from './provider-worker.ts';

const orderId = '01900000-0000-8000-8000-00000000000a';
const cause = { id: '01900000-0000-7000-8000-0000000000cc', correlationid: 'began-there' };
const noon = '2030-01-01T12:00:00.000Z';
const amount = { amountMinor: 13_800, currency: 'EUR' };

/** Executes every operation, and loses as many requests and responses as configured. */
class UnreliableProvider extends Provider {
  readonly done = new Map<string, Operation>();
  readonly charged: string[] = [];
  lostResponses = 0;
  lostRequests = 0;
  isBreakerOpen = false;
  /** Runs while the provider works. */
  meanwhile: (() => Promise<void>) | undefined;

  override async operate({ token: _, ...request }: OperationRequest): Promise<Operation> {
    if (this.isBreakerOpen) throw new CallFailedError('payment-provider', { code: 'EOPENBREAKER' });
    if (this.lostRequests-- > 0) throw new Error('not reachable');
    await this.meanwhile?.();
    const earlier = this.done.get(request.key);
    if (!earlier) this.charged.push(request.key);
    const operation = earlier ?? { ...request, outcome: 'approved' as const, at: noon };
    this.done.set(request.key, operation);
    if (this.lostResponses-- > 0) throw new Error('the response was lost');
    return operation;
  }

  override async find(key: string): Promise<Operation | undefined> {
    return this.done.get(key);
  }
}

let clock: ManualClock;
let units: MemoryUnitOfWorkRunner;
let provider: UnreliableProvider;
let worker: ProviderWorker;
let commands: OnPaymentCommand;
beforeEach(() => {
  clock = new ManualClock();
  units = new MemoryUnitOfWorkRunner({ service: 'payments', clock, ids: new CountingIds() });
  provider = new UnreliableProvider();
  worker = new ProviderWorker(units, provider, new MemoryNotifier(clock));
  commands = new OnPaymentCommand(new CountingIds());
});
const authorise = (id = orderId) =>
  units.run((uow) => {
    uow.continueFrom(cause);
    return commands.authorise(
      { data: { orderId: id, amount, paymentToken: 'tok_ok' } } as never,
      uow,
    );
  });
const capture = () => units.run((uow) => commands.capture({ data: { orderId } } as never, uow));
const voidPayment = () =>
  units.run((uow) => {
    uow.continueFrom(cause);
    return commands.void({ data: { orderId } } as never, uow);
  });
const status = () => units.run(async (uow) => (await uow.load(Payment, orderId))?.status);
const published = () => outboxOf(units).map(({ envelope }) => envelope.type);

describe('calling the provider', () => {
  it('authorises, and captures on command', async () => {
    await authorise();
    await worker.once();
    await capture();
    await worker.once();
    expect(await status()).toBe('captured');
    expect(published()).toEqual(['PaymentAuthorised', 'PaymentCaptured']);
    const [reply] = outboxOf(units);
    expect(reply!.envelope).toMatchObject({ correlationid: 'began-there', causationid: cause.id });
    PaymentAuthorised.data.strict().parse(outboxOf(units)[0]!.envelope.data);
    PaymentCaptured.data.strict().parse(outboxOf(units)[1]!.envelope.data);
  });

  it('looks the operation up after a lost response, and never charges twice', async () => {
    provider.lostResponses = 1;
    await authorise();
    await worker.once();
    expect(await status()).toBe('authorising');
    clock.advance(60_000);
    await worker.once();
    expect(await status()).toBe('authorised');
    expect(provider.charged).toHaveLength(1);
    expect(published()).toEqual(['PaymentAuthorised']);
  });

  it('sends again, with the same key, what never arrived', async () => {
    provider.lostRequests = 2;
    await authorise();
    for (let round = 0; round < 3; round++) {
      await worker.once();
      clock.advance(60_000);
    }
    expect(await status()).toBe('authorised');
    expect(new Set(provider.charged).size).toBe(1);
  });

  it('waits no longer after many rounds with an open breaker: these are no attempts', async () => {
    provider.isBreakerOpen = true;
    await authorise();
    for (let round = 0; round < 20; round++) {
      await worker.once();
      clock.advance(60_000);
    }
    provider.isBreakerOpen = false;
    provider.lostRequests = 1;
    await worker.once();
    clock.advance(1_000); // the first attempt has failed
    await worker.once();
    expect(await status()).toBe('authorised');
  });

  it('claims again as soon as one of many concurrent calls has ended', async () => {
    const ends: (() => void)[] = [];
    provider.meanwhile = () => new Promise((resolve) => ends.push(resolve));
    for (let n = 10; n < 27; n++) await authorise(orderId.replace(/0a$/, String(n)));
    const notifier = new MemoryNotifier(clock);
    const log = makeLog('test', 'test', 'silent');
    const leases = {} as Leases;
    const running = new ProviderWorker(units, provider, notifier).start({
      notifier,
      clock,
      log,
      leases,
    });
    await expect.poll(() => ends.length).toBe(16);
    ends[0]!();
    await expect
      .poll(() => {
        clock.advance(25); // the pause of a busy loop
        return ends.length;
      })
      .toBe(17);
    for (const end of ends) end();
    await running.stop();
  });

  it('leaves a payment to the worker that claimed it during the call', async () => {
    await authorise();
    provider.meanwhile = () =>
      units.run(async (uow) => uow.save(Payment, (await uow.load(Payment, orderId))!));
    await worker.once();
    expect(published()).toEqual([]);
    provider.meanwhile = undefined;
    clock.advance(60_000);
    await worker.once();
    expect(published()).toEqual(['PaymentAuthorised']);
    expect(provider.charged).toHaveLength(1);
  });

  it('ignores a repeated command', async () => {
    await authorise();
    await authorise();
    await worker.once();
    await worker.once();
    expect(published()).toEqual(['PaymentAuthorised']);
  });

  it('voids what was authorised, and replies again to a repeated command', async () => {
    await authorise();
    await worker.once();
    await voidPayment();
    await worker.once();
    await voidPayment();
    expect(await status()).toBe('voided');
    expect(published()).toEqual(['PaymentAuthorised', 'PaymentVoided', 'PaymentVoided']);
    PaymentVoided.data.strict().parse(outboxOf(units).at(-1)!.envelope.data);
  });

  it('declines what was voided before it was requested', async () => {
    await voidPayment();
    await authorise();
    await worker.once();
    expect(provider.charged).toEqual([]);
    expect(published()).toEqual(['PaymentVoided', 'PaymentDeclined']);
    expect(outboxOf(units)[1]!.envelope.data).toMatchObject({ reason: 'voided' });
  });

  it.each([
    ['while it is being voided', async () => undefined],
    ['after it was voided', () => worker.once()],
  ])('voids once more what the provider authorises %s', async (_, meanwhile) => {
    await authorise();
    provider.meanwhile = async () => {
      provider.meanwhile = undefined;
      await voidPayment();
      await meanwhile();
    };
    await worker.once();
    await worker.once();
    expect(await status()).toBe('voided');
    const [payment] = provider.charged.map((key) => key.split(':')[0]);
    expect(provider.charged.at(-1)).toBe(`${payment}:void:2`);
    expect(published()).not.toContain('PaymentAuthorised');
  });

  it('does not void what is being captured: an operator must decide', async () => {
    await authorise();
    await worker.once();
    await capture();
    await expect(voidPayment()).rejects.toThrow(/cannot be voided/);
    expect(await status()).toBe('capturing');
  });
});
