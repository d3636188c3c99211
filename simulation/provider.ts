import type { Clock } from '@fieldguide/clock';
import type { Operation, OperationRequest } from '@fieldguide/contracts/payment-provider';
import { outcomeOf } from '@fieldguide/payment-provider/operations/outcome.model';
import { Provider } from '@fieldguide/payments/call-provider/provider';

/** Simulates the payment provider with its real rules, and connection failures that a test controls. */
export class SimulatedProvider extends Provider {
  readonly ledger: Operation[] = [];
  isDown = false;
  /** The provider executes requests, but its responses are lost. */
  losesResponses = false;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  override async operate(request: OperationRequest): Promise<Operation> {
    const { token, ...operation } = request;
    const timesOut = request.kind === 'authorise' && token === 'tok_timeout';
    if (this.isDown || timesOut) throw new Error('no response in time');
    const earlierOperations = this.ledger.filter(
      ({ paymentId }) => paymentId === request.paymentId,
    );
    const sameKey = earlierOperations.find(({ key }) => key === request.key);
    const at = this.#clock.now().toISOString();
    const operationNow = { ...operation, outcome: outcomeOf(request, earlierOperations), at };
    if (!sameKey) this.ledger.push(operationNow);
    if (this.losesResponses) throw new Error('the response was lost');
    return sameKey ?? operationNow;
  }

  override async find(key: string): Promise<Operation | undefined> {
    if (this.isDown) throw new Error('no response in time');
    return this.ledger.find((operation) => operation.key === key);
  }
}
