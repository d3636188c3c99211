import type { Clock } from '@fieldguide/clock';
import type { Operation, OperationRequest } from '@fieldguide/contracts/payment-provider';
import { outcomeOf } from '../../apps/payment-provider/src/operations/outcome.model.ts';
import { Provider } from '../../apps/payments/src/call-provider/provider.ts';

/** The outside provider with its own rules, and a line to it that fails when a test says so. */
export class SimulatedProvider extends Provider {
  readonly ledger: Operation[] = [];
  isAway = false;
  /** Answers get lost, what was asked for is done. */
  losesAnswers = false;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  override async operate(request: OperationRequest): Promise<Operation> {
    const { token, ...operation } = request;
    const silent = request.kind === 'authorise' && token === 'tok_timeout';
    if (this.isAway || silent) throw new Error('no response in time');
    const done = this.ledger.filter(({ paymentId }) => paymentId === request.paymentId);
    const earlier = done.find(({ key }) => key === request.key);
    const at = this.#clock.now().toISOString();
    const fresh = { ...operation, outcome: outcomeOf(request, done), at };
    if (!earlier) this.ledger.push(fresh);
    if (this.losesAnswers) throw new Error('the response was lost');
    return earlier ?? fresh;
  }

  override async find(key: string): Promise<Operation | undefined> {
    if (this.isAway) throw new Error('no response in time');
    return this.ledger.find((operation) => operation.key === key);
  }
}
