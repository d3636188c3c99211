import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestKeys } from '@fieldguide/auth/testing';
import { instancesOf } from '@fieldguide/config';
import { Database } from '@fieldguide/database';
import type { Envelope } from '@fieldguide/messaging';
import { OutboxMessage, type OutgoingRecord, outboxReader } from '@fieldguide/messaging/parts';
import { openForTest } from '@fieldguide/service/testing';
import type { Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Verifier } from '@pact-foundation/pact';
import pg from 'pg';
import type { CallerRole } from './consumer.ts';
import { type Finding, readFindings } from './findings.ts';
import { PACTS } from './places.ts';

type Values = Record<string, string>;

/**
 * A provider state: `set` creates it in the real database, `holds` checks it. A state that requires absence
 * needs no `set`: every state starts with empty tables.
 */
export interface ProviderState {
  readonly set?: (values: Values) => Promise<unknown>;
  readonly holds: (values: Values) => Promise<boolean>;
}

export interface ProviderSettings {
  /** A role that may create databases. */
  readonly postgresUrl: string;
  /** Further configuration of the service. */
  readonly env?: Readonly<Record<string, string>>;
  /** Id and scopes of the callers that receive tokens. */
  readonly callers?: Readonly<
    Partial<Record<CallerRole, { readonly id: string; readonly scope: string }>>
  >;
  readonly states: (app: NestFastifyApplication) => Readonly<Record<string, ProviderState>>;
  /** The messages published since the state was set, from its real relay's source; the outbox by default. */
  readonly publishedMessages?: (app: NestFastifyApplication) => Promise<readonly OutgoingRecord[]>;
  /** Clears data outside the database. */
  readonly clean?: () => Promise<void> | void;
  /** Issues a token; with a test key by default (identity has its own). */
  readonly mint?: (
    app: NestFastifyApplication,
    callers: { id: string; scope: string; kind: string },
  ) => string;
}

/** Changes a response or message before it is verified. */
export interface Mutation {
  /** `surface` is method, route and status. */
  readonly answer?: (surface: string, body: unknown) => unknown;
  readonly message?: (type: string, envelope: Envelope) => unknown;
}

export interface PactInteraction {
  readonly description: string;
  readonly type: string;
  readonly providerStates?: readonly { readonly name: string }[];
  readonly request?: { readonly method: string; readonly path: string };
  readonly response?: { readonly body?: { readonly content: unknown } };
  readonly contents?: { readonly content: { readonly type: string } };
}
export interface PactFile {
  readonly consumer: { readonly name: string };
  readonly provider: { readonly name: string };
  readonly interactions: readonly PactInteraction[];
}

export const readPact = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as PactFile;

/** Runs the real application of a provider and verifies pacts against it. */
export class ProviderUnderTest {
  readonly #name: string;
  readonly #app: NestFastifyApplication;
  readonly #settings: ProviderSettings;
  readonly #states: Readonly<Record<string, ProviderState>>;
  readonly #keys: TestKeys;
  readonly #database: pg.Client;
  readonly #origin: string;
  readonly #drop: () => Promise<void>;
  #tables: readonly string[] = [];
  #errors: string[] = [];
  readonly #unpublished = new Map<string, string>();
  #published: readonly OutgoingRecord[] = [];
  /** Set by tests of what the pacts detect. */
  mutate: Mutation = {};

  private constructor(
    name: string,
    app: NestFastifyApplication,
    settings: ProviderSettings,
    keys: TestKeys,
    database: pg.Client,
    origin: string,
    drop: () => Promise<void>,
  ) {
    this.#name = name;
    this.#app = app;
    this.#settings = settings;
    this.#states = settings.states(app);
    this.#keys = keys;
    this.#database = database;
    this.#origin = origin;
    this.#drop = drop;
  }

  static async start(
    name: string,
    module: Type,
    settings: ProviderSettings,
  ): Promise<ProviderUnderTest> {
    const own = `pact_${name.replaceAll('-', '_')}_${process.pid}`;
    const url = await emptyDatabase(settings.postgresUrl, own);
    const keys = new TestKeys('test/test');
    const env = { DATABASE_URL: url, ...settings.env };
    const app = await openForTest(module, { env, keys });
    const provider: { current?: ProviderUnderTest } = {};
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onSend', async (request, reply, payload) => {
        const { answer } = provider.current?.mutate ?? {};
        const isJson = /json/.test(String(reply.getHeader('content-type')));
        if (!answer || !isJson || typeof payload !== 'string') return payload;
        reply.removeHeader('content-length');
        const surface = `${request.method} ${request.routeOptions.url} ${reply.statusCode}`;
        return JSON.stringify(answer(surface, JSON.parse(payload)));
      });
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.getHttpServer().address() as { port: number };
    const database = new pg.Client({ connectionString: url });
    await database.connect();
    const origin = `http://127.0.0.1:${port}`;
    const drop = () =>
      administer(settings.postgresUrl, [`DROP DATABASE IF EXISTS ${own} WITH (FORCE)`]);
    const made = new ProviderUnderTest(name, app, settings, keys, database, origin, drop);
    made.#tables = await emptyTables(database);
    provider.current = made;
    return made;
  }

  /**
   * @param files pact files, one for each consumer
   * @returns the unmet expectations
   * @throws when a state cannot be set, or setting it changes nothing
   */
  async verify(...files: readonly string[]): Promise<readonly Finding[]> {
    this.#errors = [];
    this.#unpublished.clear();
    const interactions = files.flatMap((file) => readPact(file).interactions);
    const required = interactions.flatMap(({ providerStates = [] }) =>
      providerStates.map(({ name }) => name),
    );
    const missing = required.filter((name) => !this.#states[name]);
    if (missing.length > 0)
      throw new Error(
        `${this.#name} has no state "${missing.join('", "')}" that ${files} requires`,
      );
    const messages = interactions.filter(({ contents }) => contents);
    const verifier = new Verifier({
      provider: this.#name,
      providerBaseUrl: this.#origin,
      pactUrls: [...files],
      logLevel: 'error',
      stateHandlers: Object.fromEntries(
        Object.entries(this.#states).map(([name, state]) => [
          name,
          { setup: (values) => this.#set(name, state, (values ?? {}) as Values) },
        ]),
      ),
      messageProviders: Object.fromEntries(
        messages.map(({ description, contents }) => [
          description,
          () => this.#message(description, contents!.content.type),
        ]),
      ),
    });
    const findings = await verifier.verifyProvider().then(
      () => [],
      (error: Error) => readFindings(error),
    );
    if (this.#errors.length > 0) throw new Error(this.#errors.join('\n'));
    return findings.map((each) => {
      const unpublished = this.#unpublished.get(each.interaction);
      return unpublished ? { ...each, mismatches: [unpublished] } : each;
    });
  }

  async close(): Promise<void> {
    await this.#database.end();
    await this.#app.close();
    await this.#drop();
  }

  /** Records errors of state handlers, because Pact's verifier ignores them. */
  async #set(name: string, { set, holds }: ProviderState, values: Values): Promise<Values> {
    try {
      if (this.#tables.length > 0)
        await this.#database.query(`TRUNCATE ${this.#tables.join(', ')}`);
      await this.#settings.clean?.();
      if (set) {
        if (await holds(values)) throw new Error('it holds before anything was done');
        await set(values);
      }
      this.#published = await this.#collect();
      if (!(await holds(values))) throw new Error('it does not hold, whatever its handler did');
    } catch (error) {
      this.#errors.push(`The state "${name}" of ${this.#name}: ${(error as Error).message}`);
    }
    return this.#tokens();
  }

  #collect(): Promise<readonly OutgoingRecord[]> {
    if (this.#settings.publishedMessages) return this.#settings.publishedMessages(this.#app);
    return publishedBy(this.#app);
  }

  #tokens(): Values {
    const kinds = { customer: 'customer', staff: 'staff', service: 'service' } as const;
    const all = Object.entries(this.#settings.callers ?? {}).map(([role, { id, scope }]) => {
      const kind = kinds[role as CallerRole];
      const token =
        this.#settings.mint?.(this.#app, { id, scope, kind }) ??
        this.#keys.token(id, scope, { kind });
      return [`${role}Token`, token];
    });
    return Object.fromEntries(all);
  }

  async #message(description: string, type: string) {
    const published = this.#published.find(({ envelope }) => envelope.type === type);
    if (!published) {
      const others = this.#published.map(({ envelope }) => envelope.type).join(', ') || 'nothing';
      this.#unpublished.set(description, `${this.#name} does not publish ${type}, but ${others}`);
      return {};
    }
    const { topic, envelope } = published;
    const message = this.mutate.message?.(type, envelope) ?? envelope;
    // The messaging port uses the same key, so that messages of one aggregate stay in order.
    return {
      __pactMessageMetadata: { topic, key: envelope.subject, contentType: 'application/json' },
      message,
    };
  }
}

/** The pacts of all consumers of a provider. */
export function pactsWith(
  provider: string,
  files: readonly string[],
): { consumer: string; file: string }[] {
  return files
    .map((name) => join(PACTS, name))
    .map((file) => ({ file, pact: readPact(file) }))
    .filter(({ pact }) => pact.provider.name === provider)
    .map(({ file, pact }) => ({ consumer: pact.consumer.name, file }));
}

async function emptyDatabase(adminUrl: string, name: string): Promise<string> {
  const statements = [`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`, `CREATE DATABASE ${name}`];
  await administer(adminUrl, statements);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function administer(adminUrl: string, statements: readonly string[]): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  for (const statement of statements) await admin.query(statement);
  await admin.end();
}

/** Reads the outbox of a service, if it has one. */
async function publishedBy(app: NestFastifyApplication): Promise<readonly OutgoingRecord[]> {
  const [database] = instancesOf(app.get(ModulesContainer), Database);
  if (!database?.source.hasMetadata(OutboxMessage)) return [];
  return (await outboxReader(database).read()).messages;
}

/** The tables that are emptied for each state; tables with rows from migrations keep them. */
async function emptyTables(database: pg.Client): Promise<string[]> {
  const sql = `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`;
  const { rows } = await database.query<{ name: string }>(sql);
  const empty: string[] = [];
  for (const { name } of rows) {
    const found = await database.query(`SELECT FROM ${name} LIMIT 1`);
    if (found.rowCount === 0) empty.push(name);
  }
  return empty;
}
