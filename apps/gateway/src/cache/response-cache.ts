import type { Clock } from '@fieldguide/clock';
import { type Lifetime, lifetimeOf } from './lifetime.ts';
import type { Received } from './receive.ts';
import { headerIn, refreshed, type SharedResponse, shared } from './shared-response.ts';
import { type Entry, StoredResponses } from './stored-responses.ts';

/** What a caller gets, and why: `cacheStatus` is the value of Cache-Status (RFC 9211). */
export interface Answer {
  /** Undefined: it depends on the caller, so the request has to be forwarded. */
  readonly response: SharedResponse | undefined;
  readonly cacheStatus: string;
  /** Of a stored response. */
  readonly ageSeconds?: number;
}

/** Fetches the response; `etag` of the stored one, if any. */
export type Fetch = (etag: string | undefined) => Promise<Received>;

interface Load {
  readonly path: string;
  readonly answer: Promise<SharedResponse | undefined>;
  /** The service changed the resource after the request was sent: the response is not stored. */
  isOutdated: boolean;
  isStored: boolean;
  status: number;
}

class ServiceFailedError extends Error {}

const RETRY_AFTER_ERROR_MS = 5_000;
// Longer waits for a service that does not respond end with the stored response.
const STALE_AFTER_WAIT_MS = 1_000;

/**
 * Responses of public reads, in memory and bounded in bytes: fresh, stale while one request revalidates, stale if the
 * service fails (RFC 9111, RFC 5861). Concurrent requests for one URL share one fetch.
 */
export class ResponseCache {
  readonly #clock: Clock;
  readonly #stored: StoredResponses;
  readonly #loads = new Map<string, Load>();

  constructor(clock: Clock, bytesMax: number) {
    this.#clock = clock;
    this.#stored = new StoredResponses(bytesMax);
  }

  get bytes(): number {
    return this.#stored.bytes;
  }

  /** @throws what `fetch` throws, when no stored response may be used instead */
  get(url: string, path: string, fetch: Fetch): Answer | Promise<Answer> {
    const entry = this.#stored.get(url);
    if (!entry) return this.#load(url, path, undefined, fetch);
    const now = this.#clock.now().getTime();
    if (now < entry.freshUntil && !entry.isOutdated) return hit(entry, now);
    if (now < entry.refreshUntil && !entry.isOutdated) {
      if (now < entry.retryAt) return staleIfError(entry, now);
      this.#start(url, path, entry, fetch).answer.catch(() => undefined);
      return hit(entry, now);
    }
    if (now < entry.retryAt && now < entry.errorUntil) return staleIfError(entry, now);
    return this.#load(url, path, entry, fetch);
  }

  /**
   * The resource at this path has changed, and so has the collection that lists it. A response that was requested
   * before this call is not stored.
   */
  invalidate(path: string): void {
    const collection = path.slice(0, path.lastIndexOf('/'));
    for (const changed of [path, collection]) {
      this.#stored.markOutdated(changed);
      for (const [url, load] of this.#loads) {
        if (load.path !== changed) continue;
        load.isOutdated = true;
        this.#loads.delete(url); // later requests do not join it
      }
    }
  }

  async #load(url: string, path: string, known: Entry | undefined, fetch: Fetch): Promise<Answer> {
    const isCollapsed = this.#loads.has(url);
    const load = this.#start(url, path, known, fetch);
    const isUsable = () => known && this.#clock.now().getTime() < known.errorUntil;
    try {
      const response = isUsable() ? await this.#inTime(load.answer) : await load.answer;
      const details = [
        `fwd=${known ? 'stale' : 'uri-miss'}`,
        `fwd-status=${load.status}`,
        ...(load.isStored ? ['stored'] : []),
        ...(isCollapsed ? ['collapsed'] : []),
      ];
      return { response, cacheStatus: `gateway; ${details.join('; ')}` };
    } catch (error) {
      const now = this.#clock.now().getTime();
      if (!known || now >= known.errorUntil) throw error;
      known.retryAt = now + RETRY_AFTER_ERROR_MS;
      return staleIfError(known, now);
    }
  }

  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const inTime = new AbortController();
    const late = this.#clock.sleep(STALE_AFTER_WAIT_MS, inTime.signal).then(() => {
      throw new ServiceFailedError('no response in time');
    });
    late.catch(() => undefined);
    try {
      return await Promise.race([answer, late]);
    } finally {
      answer.catch(() => undefined);
      inTime.abort();
    }
  }

  /** Starts a fetch, unless one is under way. */
  #start(url: string, path: string, known: Entry | undefined, fetch: Fetch): Load {
    const running = this.#loads.get(url);
    if (running) return running;
    const take = async () => {
      try {
        return await this.#take(url, load, known, await fetch(known?.response.etag));
      } catch (error) {
        if (known) known.retryAt = this.#clock.now().getTime() + RETRY_AFTER_ERROR_MS;
        throw error;
      } finally {
        if (this.#loads.get(url) === load) this.#loads.delete(url);
      }
    };
    const begun = Promise.resolve().then(take);
    const load: Load = { path, answer: begun, isOutdated: false, isStored: false, status: 0 };
    this.#loads.set(url, load);
    return load;
  }

  async #take(
    url: string,
    load: Load,
    known: Entry | undefined,
    received: Received,
  ): Promise<SharedResponse | undefined> {
    load.status = received.status;
    const isFailed = received.status >= 500;
    if (isFailed && known && this.#clock.now().getTime() < known.errorUntil)
      throw new ServiceFailedError(`the service returned ${received.status}`);
    const isSame = received.status === 304 && known;
    const response = isSame ? refreshed(known.response, received) : await shared(received);
    if (load.isOutdated || isFailed) return response;
    const lifetime = lifetimeOf(response && headerIn(response.headers, 'cache-control'));
    if (response?.status === 200 && lifetime)
      load.isStored = this.#stored.set(url, this.#entry(load.path, response, lifetime));
    else this.#stored.delete(url);
    return response;
  }

  #entry(path: string, response: SharedResponse, lifetime: Lifetime): Entry {
    const createdAt = this.#clock.now().getTime() - response.ageMs;
    const freshUntil = createdAt + lifetime.freshMs;
    return {
      path,
      response,
      createdAt,
      freshUntil,
      refreshUntil: freshUntil + lifetime.staleWhileRevalidateMs,
      errorUntil: freshUntil + lifetime.staleIfErrorMs,
      isOutdated: false,
      retryAt: 0,
    };
  }
}

function hit({ response, createdAt, freshUntil }: Entry, now: number): Answer {
  const ttl = Math.floor((freshUntil - now) / 1_000);
  const ageSeconds = Math.floor((now - createdAt) / 1_000);
  return { response, cacheStatus: `gateway; hit; ttl=${ttl}`, ageSeconds };
}

function staleIfError(entry: Entry, now: number): Answer {
  const { cacheStatus, ...answer } = hit(entry, now);
  return { ...answer, cacheStatus: `${cacheStatus}; detail=stale-if-error` };
}
