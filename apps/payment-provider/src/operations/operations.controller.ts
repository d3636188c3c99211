import { timingSafeEqual } from 'node:crypto';
import { Clock } from '@fieldguide/clock';
import { type Operation, OperationRequest } from '@fieldguide/contracts/payment-provider';
import { Body, Controller, Get, Headers, HttpCode, Param, Post } from '@nestjs/common';
import { Ledger } from '../ledger/ledger.ts';
import { PaymentProviderConfig } from '../payment-provider.config.ts';
import { errors } from './operations.errors.ts';
import { outcomeOf } from './outcome.model.ts';

const FLAKY_FAILURES = 2;

/** Checks its own API key, not access tokens. */
@Controller('operations')
export class OperationsController {
  constructor(
    private readonly ledger: Ledger,
    private readonly clock: Clock,
    private readonly config: PaymentProviderConfig,
  ) {}

  @Post()
  @HttpCode(200)
  async operate(
    @Headers('x-api-key') apiKey: string | undefined,
    @Body({ schema: OperationRequest }) request: OperationRequest,
  ): Promise<Operation> {
    this.#check(apiKey);
    const { token, ...operation } = request;
    const earlier = this.ledger.find(request.key);
    if (earlier) return earlier;
    if (request.kind === 'authorise') await this.#behaveAs(token, request.key);
    const at = this.clock.now().toISOString();
    return this.ledger.add(request.paymentId, (done) => ({
      ...operation,
      outcome: outcomeOf(request, done),
      at,
    }));
  }

  /** Returns the result of an operation, for clients that got no response. */
  @Get(':key')
  find(
    @Headers('x-api-key') apiKey: string | undefined,
    @Param('key', { schema: OperationRequest.shape.key }) key: string,
  ): Operation {
    this.#check(apiKey);
    const operation = this.ledger.find(key);
    if (!operation) throw errors.operationNotFound();
    return operation;
  }

  async #behaveAs(token: string, key: string): Promise<void> {
    if (token === 'tok_slow') await this.clock.sleep(this.config.SLOW_MS);
    if (token === 'tok_timeout') await new Promise(() => undefined);
    if (token === 'tok_flaky') {
      if (this.ledger.countFailure(key) <= FLAKY_FAILURES) throw errors.temporarilyUnavailable();
    }
  }

  #check(apiKey = ''): void {
    const [given, wanted] = [Buffer.from(apiKey), Buffer.from(this.config.PROVIDER_API_KEY)];
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
      throw errors.apiKeyInvalid();
  }
}
