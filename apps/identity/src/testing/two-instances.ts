import { generateKeyPairSync } from 'node:crypto';
import { type Database } from '@fieldguide/database';
import { freshDatabase } from '@fieldguide/database/testing';
import { openForTest } from '@fieldguide/service/testing';
import { LOG, makeLog } from '@fieldguide/telemetry';
import { IdentityModule } from '../identity.module.ts';

type App = Awaited<ReturnType<typeof openForTest>>;
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Sent {
  readonly payload?: object;
  readonly token?: string;
  /** The caller's address in the gateway's header. */
  readonly address?: string;
  /** The gateway's own address. */
  readonly remoteAddress?: string;
  readonly device?: string;
  readonly instance?: 0 | 1;
}

export const clients = {
  shipping: { secret: 'of shipping', scopes: ['orders:address:read'] },
  operator: { secret: 'of the operator', scopes: ['operations'] },
};

/** Two instances of identity on one database; requests alternate between them, as through the gateway. */
export class TwoInstances {
  readonly database: Database;
  /** What both have logged. */
  readonly lines: readonly string[];
  readonly #apps: readonly App[];
  #next = 0;

  private constructor(database: Database, apps: readonly App[], lines: readonly string[]) {
    this.database = database;
    this.lines = lines;
    this.#apps = apps;
  }

  static async open(adminUrl: string, name: string): Promise<TwoInstances> {
    const database = await freshDatabase(adminUrl, name);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const SIGNING_KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const CLIENTS = JSON.stringify(clients);
    const env = { DATABASE_URL: database.url, SIGNING_KEY, CLIENTS };
    const lines: string[] = [];
    const log = makeLog('identity', 'identity-1', 'info', {
      write: (line) => void lines.push(line),
    });
    const options = { env, replaced: [[LOG, log]] } as const;
    const one = await openForTest(IdentityModule, options);
    const two = await openForTest(IdentityModule, options);
    return new TwoInstances(database, [one, two], lines);
  }

  async close(): Promise<void> {
    for (const app of this.#apps) await app.close();
    await this.database.close();
  }

  async send(method: Method, url: string, sent: Sent = {}) {
    const { payload, token, address = '192.0.2.1', remoteAddress = '127.0.0.1', device } = sent;
    const app = this.#apps[sent.instance ?? this.#next++ % 2]!;
    const { statusCode, headers, body } = await app.inject({
      method,
      url,
      remoteAddress,
      ...(payload && { payload }),
      headers: {
        'x-forwarded-for': address,
        ...(device && { 'user-agent': device }),
        ...(token && { authorization: `Bearer ${token}` }),
      },
    });
    return { status: statusCode, headers, body: body ? JSON.parse(body) : undefined };
  }

  register(email: string, password = 'correct horse') {
    const payload = { email, password, name: 'Ada' };
    return this.send('POST', '/auth/registrations', { payload });
  }

  signIn(email: string, password = 'correct horse', sent: Sent = {}) {
    const payload = { grantType: 'password', email, password };
    return this.send('POST', '/auth/tokens', { ...sent, payload });
  }

  refresh(refreshToken: string) {
    const payload = { grantType: 'refreshToken', refreshToken };
    return this.send('POST', '/auth/tokens', { payload });
  }
}
