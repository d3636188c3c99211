import { derivedId } from '@fieldguide/clock';
import { type MessageContract } from '@fieldguide/messaging';
import { EnvelopeSchema, type IncomingRecord } from '@fieldguide/messaging/parts';
import { MatchersV3, PactV4 } from '@pact-foundation/pact';
import type { z } from 'zod';
import { matching } from './matchers.ts';
import { GENERATED } from './places.ts';

/** A value with the schema that it satisfies: `contracts/<provider>/examples.ts`. */
export interface Example {
  readonly schema: z.ZodType;
  readonly value: unknown;
}
type Values = Readonly<Record<string, string | number | boolean>>;
/** The provider state; the values are passed to its state handler, and are expected unchanged. */
type Given = readonly [state: string, values?: Values];

/** Role of a caller; the provider's test issues its token with the scopes of its settings. */
export type CallerRole = 'customer' | 'staff' | 'service';

export interface HttpExpectation {
  /** Omitted where the response is the same in every state. */
  readonly given?: Given;
  /** Unique description of the expectation: `a question for a product`. */
  readonly description: string;
  readonly request: {
    readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    readonly path: string;
    readonly as?: CallerRole;
    readonly query?: Readonly<Record<string, string>>;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Example;
  };
  readonly response: {
    readonly status: number;
    /** Name → pattern and a matching value. */
    readonly headers?: Readonly<Record<string, readonly [pattern: string, value: string]>>;
    /** The schema that the consumer reads, and an example of the provider that satisfies it. */
    readonly reads?: z.ZodType;
    readonly of?: Example;
    /** Values that must match exactly. */
    readonly exactly?: readonly unknown[];
  };
}

export interface MessageExpectation {
  readonly given: Given;
  readonly message: MessageContract;
  readonly of: Example;
  /** The aggregate's id: subject of the message and key of the record. */
  readonly subject: string;
}

/** The expectations of one consumer, written to a pact file for each provider when its tests run. */
export class ConsumerPacts {
  readonly consumer: string;
  readonly #pacts = new Map<string, PactV4>();

  constructor(consumer: string) {
    this.consumer = consumer;
  }

  /**
   * @param call the consumer's real client, with the provider's origin and a token
   * @throws when the client sends another request than expected, or none
   */
  async request<T>(
    provider: string,
    { given, description, request, response }: HttpExpectation,
    call: (origin: string, token: string) => Promise<T>,
  ): Promise<T> {
    const fixed = [...valuesOf(given), ...(response.exactly ?? [])];
    const { as, query, headers = {}, body } = request;
    const all: Record<string, unknown> = {
      ...headers,
      ...(body && { 'content-type': 'application/json' }),
      ...(as && {
        authorization: MatchersV3.fromProviderState(`Bearer \${${as}Token}`, `Bearer ${as}`),
      }),
    };
    const interaction = this.#with(provider).addInteraction();
    if (given) interaction.given(given[0], given[1]);
    const expected = interaction
      .uponReceiving(description)
      .withRequest(request.method, request.path, (builder) => {
        builder.headers(all as Record<string, string>);
        if (query) builder.query({ ...query });
        if (body) builder.jsonBody(body.schema.parse(body.value));
      })
      .willRespondWith(response.status, (builder) => {
        for (const [name, [pattern, value]] of Object.entries(response.headers ?? {}))
          builder.headers({ [name]: MatchersV3.regex(pattern, value) });
        if (response.reads) builder.jsonBody(matching(response.reads, response.of?.value, fixed));
      });
    // Pact drops an expectation whose test throws, but a client may throw for an expected error response.
    const outcome = await expected.executeTest(async ({ url }) => {
      try {
        return { value: await call(url, as ?? '') };
      } catch (error) {
        return { error };
      }
    });
    if (outcome && 'error' in outcome) throw outcome.error;
    return outcome?.value as T;
  }

  /** @param handle the consumer's real handler, called with the record as received from the transport */
  async message<T>(
    provider: string,
    { given, message, of, subject }: MessageExpectation,
    handle: (record: IncomingRecord) => Promise<T>,
  ): Promise<T> {
    const { topic, type } = message;
    const envelope = EnvelopeSchema.extend({ data: message.data });
    const example = {
      specversion: '1.0',
      id: derivedId(topic, type, given[0]),
      source: `/${provider}`,
      type,
      subject,
      time: '2030-01-01T12:00:00.000Z',
      correlationid: 'began-there',
      data: of.value,
    };
    const exactly = [...valuesOf(given), subject, type, example.source];
    const expected = this.#with(provider)
      .addAsynchronousInteraction()
      .given(given[0], given[1] as never)
      .expectsToReceive(`${type}: ${given[0]}`, (builder) => {
        builder.withMetadata({ topic, key: subject });
        builder.withJSONContent(matching(envelope, example, exactly));
      });
    const position = { partition: 0, offset: '0' };
    return (await expected.executeTest(({ contents, metadata }) => {
      const { topic: from, key } = metadata as { topic: string; key: string };
      const value = Buffer.from(JSON.stringify(contents.content));
      return handle({ topic: from, key: Buffer.from(key), value, position });
    })) as T;
  }

  #with(provider: string): PactV4 {
    const { consumer } = this;
    const pact =
      this.#pacts.get(provider) ??
      new PactV4({ consumer, provider, dir: GENERATED, logLevel: 'error' });
    this.#pacts.set(provider, pact);
    return pact;
  }
}

const valuesOf = ([, values = {}]: Given | [] = []): readonly unknown[] => Object.values(values);
