import { Caller, type CallerClaims, RequireScope } from '@fieldguide/auth';
import { Database, isTransient } from '@fieldguide/database';
import { problem } from '@fieldguide/problems';
import { LOG, type Log, securityEvent } from '@fieldguide/telemetry';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  HttpException,
  Inject,
  Ip,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import { z } from 'zod';
import { letterDetails, letterPage, letterStatuses } from './dead-letter-pages.ts';
import { DeadLetterNotFoundError, DeadLetters } from './dead-letters.ts';
import { MessagingStrategy } from './messaging.strategy.ts';

const Id = z.guid();
/** PostgreSQL cannot store NUL or lone surrogates. */
const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((given) => !given.includes('\u0000') && given.isWellFormed(), 'text without NUL');
// The maximum length of a stored key.
const Key = text(250).min(1);
const Page = z.strictObject({
  status: z.enum(letterStatuses).default('waiting'),
  key: Key.optional(),
  after: z
    .string()
    .regex(/^\d{1,18}$/)
    .default('0'),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
const RedriveRequest = z.strictObject({ key: Key });
const DiscardRequest = z.strictObject({ reason: text(500).optional() }).nullish();

/** Messages that this service could not handle, and later ones of the same key. Not reachable through the gateway. */
@RequireScope('operations')
@Controller('dead-letters')
export class DeadLettersController {
  constructor(
    private readonly database: Database,
    private readonly letters: DeadLetters,
    private readonly strategy: MessagingStrategy,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Lists dead letters without their content, oldest first. */
  @Get()
  list(@Query({ schema: Page }) page: z.infer<typeof Page>) {
    return letterPage(this.database, page);
  }

  /** Shows a dead letter with its content, as text and in base64. */
  @Get(':id')
  async show(@Param('id', { schema: Id }) id: string) {
    return (await letterDetails(this.database, id)) ?? reject('unknown', noLetter(id));
  }

  /** Handles the messages of a key again, in order; stops at the first that fails again. */
  @HttpCode(200)
  @Post('redrives')
  redriveKey(
    @Caller() { id: by }: CallerClaims,
    @Body({ schema: RedriveRequest }) { key }: z.infer<typeof RedriveRequest>,
  ) {
    return mapErrors(this.letters.redriveKey(key, by, this.#consumer()));
  }

  /** Redrives the key of this dead letter. */
  @HttpCode(200)
  @Post(':id/redrives')
  redrive(@Caller() { id: by }: CallerClaims, @Param('id', { schema: Id }) id: string) {
    return mapErrors(this.letters.redrive(id, by, this.#consumer()));
  }

  /** Discards a dead letter. Its bytes are kept until they are pruned, with the caller's id and reason. */
  @HttpCode(200)
  @Post(':id/discards')
  async discard(
    @Caller() { id: by }: CallerClaims,
    @Param('id', { schema: Id }) id: string,
    @Body({ schema: DiscardRequest }) request: z.infer<typeof DiscardRequest>,
    @Ip() from: string,
  ) {
    const discarded = await mapErrors(this.letters.discard(id, by, request?.reason));
    securityEvent(this.log, 'sensitive_delete', { who: by, what: `dead letter ${id}`, from });
    return discarded;
  }

  #consumer() {
    return (
      this.strategy.consumer ??
      reject('unknown', 'This instance handles no messages: call one with PROCESSES=worker.')
    );
  }
}

async function mapErrors<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof DeadLetterNotFoundError) reject(error.kind, error.message);
    if (!isTransient(error)) throw error;
    const { message: detail } = error as Error;
    const title = 'The message could not be handled now: try again in a few seconds.';
    throw new HttpException(problem(503, 'tryAgain', title, { detail }), 503, { cause: error });
  }
}

const noLetter = (id: string) => `There is no dead letter ${id}.`;

function reject(kind: DeadLetterNotFoundError['kind'], title: string): never {
  const [status, code] =
    kind === 'unknown' ? [404, 'deadLetterNotFound'] : [409, 'deadLetterFinished'];
  throw new HttpException(problem(status as number, code as string, title), status as number);
}
