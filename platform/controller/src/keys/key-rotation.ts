import { appNames, apps } from '@fieldguide/platform-host/apps';
import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Secrets } from '@fieldguide/platform-host/environment';
import { waitUntil } from '@fieldguide/platform-host/processes/child';
import { es256Key, type Rotation, thumbprintOf } from '@fieldguide/platform-host/signing-keys';
import { system } from '@fieldguide/platform-host/system';
import { KEY_THUMBPRINTS, rotatedKeys } from '@fieldguide/platform-model/derive';
import { tokenIssuerOf } from '@fieldguide/platform-model/roles';
import { z } from 'zod';
import type { Platform } from '../platform.ts';
import { hasOtherIssuer, signingKey, writeKeyFiles } from './key-files.ts';

const KNOWN_WITHIN_MS = 30_000;
const RESPONSE_TIMEOUT_MS = 2_000;
/** For clocks that differ, and for an instance that reads its new key late. */
const SPARE_SECONDS = 30;

/** A signing key, by its thumbprint. */
export const SigningKeyStatus = z.object({
  id: z.string(),
  state: z.enum(['signs', 'next', 'previous']),
  /** When the previous key is removed. */
  until: z.string().optional(),
});
export type SigningKeyStatus = z.infer<typeof SigningKeyStatus>;

type Parts = Pick<Platform, 'environment' | 'events' | 'reconcilers' | 'asOperator'> & {
  secrets: Secrets;
};
interface Place {
  readonly app: string;
  readonly name: string;
  readonly url: string;
}

/**
 * Rotates the key that signs tokens: the next key is published and trusted everywhere before it signs, and the previous
 * one until its last token has expired. Each step is one write of the secrets, so that a rotation can be continued.
 */
export class KeyRotation {
  readonly #platform: Parts;
  readonly #knownWithinMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isRotating = false;

  constructor(platform: Parts, knownWithinMs = KNOWN_WITHIN_MS) {
    this.#platform = platform;
    this.#knownWithinMs = knownWithinMs;
  }

  /** Continues what an earlier platform has begun. */
  start(): void {
    const { next } = this.#rotation;
    if (next)
      this.#platform.events.warn(
        '! A key rotation is unfinished: fieldguide keys rotate continues it',
      );
    this.#scheduleRemoval();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  get keys(): SigningKeyStatus[] {
    const { next, previous = [] } = this.#rotation;
    const [signing] = /-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/.exec(this.#text) ?? [''];
    return [
      { id: thumbprintOf(signing), state: 'signs' },
      ...(next ? [{ id: thumbprintOf(next), state: 'next' as const }] : []),
      ...previous.map(({ key, until }) => ({
        ...{ id: thumbprintOf(key), state: 'previous' as const, until },
      })),
    ];
  }

  /** @throws CliError when another call is in progress, or an instance does not take the next key in time */
  async rotate(): Promise<SigningKeyStatus[]> {
    if (hasOtherIssuer())
      throw new CliError(
        'Another issuer signs the access tokens.',
        'rotate its keys there, or unset FIELDGUIDE_TOKEN_JWKS_URL and start again',
      );
    if (this.#isRotating)
      throw new CliError('A key rotation is in progress.', 'fieldguide keys list');
    this.#isRotating = true;
    try {
      await this.#rotate();
    } finally {
      this.#isRotating = false;
    }
    return this.keys;
  }

  async #rotate(): Promise<void> {
    const { events } = this.#platform;
    this.#change((signing, { next = es256Key(), previous = [] }) => [signing, { next, previous }]);
    const id = thumbprintOf(this.#rotation.next!);
    await this.#everywhere(isClient, async (place) => (await this.#pinsOf(place)).includes(id));
    await this.#everywhere(isIssuer, async (place) => (await publishedBy(place)).includes(id));
    events.info(`Signing key ${id} is known to all instances`);
    const seconds = (await this.#tokenSeconds()) + SPARE_SECONDS;
    const until = new Date(Date.now() + seconds * 1_000).toISOString();
    this.#change((signing, { next, previous = [] }) => [
      next!,
      { previous: [{ key: signing, until }, ...previous] },
    ]);
    this.#scheduleRemoval();
    await this.#everywhere(isIssuer, async (place) => (await publishedBy(place))[0] === id);
    events.info(`✓ Signing key ${id} signs; the previous one is removed at ${until}`);
  }

  #scheduleRemoval(): void {
    clearTimeout(this.#timer);
    const times = (this.#rotation.previous ?? []).map(({ until }) => Date.parse(until));
    if (times.length === 0) return;
    const ms = Math.max(0, Math.min(...times) - Date.now());
    this.#timer = setTimeout(() => void this.#removePrevious(), ms).unref();
  }

  /** An issuer that does not sign with the new key yet keeps the previous one: its tokens still count. */
  async #removePrevious(): Promise<void> {
    const { events } = this.#platform;
    const [{ id }] = this.keys as [SigningKeyStatus];
    try {
      await this.#everywhere(isIssuer, async (place) => (await publishedBy(place))[0] === id);
      const isNeeded = ({ until }: { until: string }) => Date.parse(until) > Date.now();
      this.#change((signing, { previous = [], ...rotation }) => [
        signing,
        { ...rotation, previous: previous.filter(isNeeded) },
      ]);
      events.info(`✓ The previous signing key is removed; ${id} signs`);
      this.#scheduleRemoval();
    } catch (error) {
      events.warn(`! The previous signing key stays: ${(error as Error).message}`);
      this.#timer = setTimeout(() => void this.#removePrevious(), KNOWN_WITHIN_MS).unref();
    }
  }

  get #rotation(): Rotation {
    return this.#platform.secrets.rotations[signingKey!] ?? {};
  }

  get #text(): string {
    return this.#platform.secrets.named[signingKey!] ?? '';
  }

  #change(change: (signing: string, rotation: Rotation) => readonly [string, Rotation]): void {
    const { environment } = this.#platform;
    this.#platform.secrets = environment.changeKey(appNames, signingKey!, change);
    writeKeyFiles(environment, this.#platform.secrets);
  }

  /** Waits until it is so in every running instance, also in those that start in the meantime. */
  async #everywhere(
    concerns: (app: string) => boolean,
    holds: (place: Place) => Promise<boolean>,
  ): Promise<void> {
    let missing: readonly string[] = [];
    const all = async () => {
      const places = this.#places().filter(({ app }) => concerns(app));
      const answers = await Promise.all(places.map((place) => holds(place).catch(() => false)));
      missing = places.filter((_, index) => !answers[index]).map(({ name }) => name);
      return missing.length === 0;
    };
    if (await waitUntil(all, this.#knownWithinMs)) return;
    throw new CliError(
      `${missing.join(', ')} did not take the signing key in time; the rotation is not lost.`,
      'fieldguide status, then fieldguide keys rotate',
    );
  }

  #places(): Place[] {
    return [...this.#platform.reconcilers].flatMap(([app, { slots }]) =>
      [...slots.values()]
        .filter(({ instance }) => instance.child.isRunning)
        .map(({ instance: { name, url } }) => ({ app, name, url })),
    );
  }

  async #settingOf({ url }: Place, key: string): Promise<string | undefined> {
    const signal = AbortSignal.timeout(RESPONSE_TIMEOUT_MS);
    const response = await this.#platform.asOperator.fetch(`${url}/info`, { signal });
    const { configuration } = (await response.json()) as {
      configuration: Record<string, { value: string }>;
    };
    return configuration[key]?.value;
  }

  async #pinsOf(place: Place): Promise<string[]> {
    return (await this.#settingOf(place, KEY_THUMBPRINTS))?.split(',') ?? [];
  }

  async #tokenSeconds(): Promise<number> {
    const issuer = this.#places().find(({ app }) => isIssuer(app));
    const text = issuer && (await this.#settingOf(issuer, 'ACCESS_TOKEN_SECONDS'));
    return Number(text ?? 3_600);
  }
}

const issuer = tokenIssuerOf(system);
const isIssuer = (app: string) => app === issuer.app;
const clients = new Set(
  apps.filter(({ spec }) => rotatedKeys(spec).has(KEY_THUMBPRINTS)).map(({ name }) => name),
);
const isClient = (app: string) => clients.has(app);

/** The ids of the published keys, in their order: the first one signs. */
async function publishedBy({ url }: Place): Promise<string[]> {
  const signal = AbortSignal.timeout(RESPONSE_TIMEOUT_MS);
  const response = await fetch(`${url}/.well-known/jwks.json`, { signal });
  const { keys } = (await response.json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}
