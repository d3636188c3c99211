import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CliError } from '../cli-error.ts';
import type { ProgressListener } from './backing-service.ts';
import { findAbandoned, withoutCredentials } from './wheel.mjs';

const STALLED_MS = 30_000;
const CHUNK_BYTES = 262_144;

/**
 * Fetches a file into the cache, unless a whole one is there. It goes on where an interrupted one stopped, and only a
 * file with the right checksum gets its name.
 * @param address where it is, or how to find that out when it must be fetched
 * @param onBytes how many bytes came in, for progress
 */
export async function download(
  address: string | (() => Promise<string>),
  file: string,
  checksum: { readonly algorithm: string; readonly hex: string },
  onBytes: (count: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<void> {
  if (existsSync(file)) {
    if ((await digestOf(file, checksum.algorithm)) === checksum.hex) return;
    rmSync(file); // a corrupt cache mends itself
  }
  mkdirSync(dirname(file), { recursive: true });
  const url = typeof address === 'string' ? address : await address();
  const part = claimPart(file);
  await fetchInto(url, part, onBytes, signal);
  if ((await digestOf(part, checksum.algorithm)) !== checksum.hex) {
    rmSync(part);
    throw new CliError(
      `What came from ${withoutCredentials(url).url} is not what was asked for (its checksum differs).`,
      'run the command again; if it stays so, something between you and the server changes files',
    );
  }
  renameSync(part, file);
}

/** Says how much of a download has come in, at every eighth of it. */
export function progressReporter(
  name: string,
  total: number,
  report: ProgressListener,
): (count: number) => void {
  let [receivedBytes, reportedBytes] = [0, 0];
  return (count) => {
    receivedBytes += count;
    if (receivedBytes - reportedBytes < total / 8) return;
    reportedBytes = receivedBytes;
    const percent = Math.min(100, Math.round((receivedBytes / total) * 100));
    report(`${name}: ${percent} % of ${Math.round(total / 1e6)} MB`);
  };
}

/** A part for this process alone, so that two starts at once do not write into one file. It begins with what an ended process left. */
function claimPart(file: string): string {
  const part = `${file}.${process.pid}.part`;
  for (const abandoned of findAbandoned(file, 'part')) {
    try {
      renameSync(abandoned, part);
      break;
    } catch {
      // another start has just taken it
    }
  }
  return part;
}

/** Without a known checksum; the caller verifies in another way. */
export async function fetchInto(
  address: string,
  part: string,
  onBytes: (count: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<void> {
  const { url, headers } = withoutCredentials(address);
  mkdirSync(dirname(part), { recursive: true });
  const presentBytes = existsSync(part) ? statSync(part).size : 0;
  const stall = new AbortController();
  let timer = setTimeout(() => stall.abort(new Error('nothing came for 30 s')), STALLED_MS);
  try {
    if (presentBytes > 0) headers['range'] = `bytes=${presentBytes}-`;
    const abortSignal = signal ? AbortSignal.any([signal, stall.signal]) : stall.signal;
    const response = await fetch(url, { signal: abortSignal, headers });
    if (response.status === 416) return; // it is all there already; the checksum decides
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    const resumed = response.status === 206;
    const count = async function* (source: AsyncIterable<Uint8Array>) {
      for await (const chunk of source) {
        clearTimeout(timer);
        timer = setTimeout(() => stall.abort(new Error('nothing came for 30 s')), STALLED_MS);
        onBytes(chunk.length);
        yield chunk;
      }
    };
    await pipeline(response.body, count, createWriteStream(part, { flags: resumed ? 'a' : 'w' }));
  } catch (error) {
    throw new CliError(
      `${url} cannot be fetched: ${describeCause(error)}`,
      `check the network. ${describeProxies()}`,
      error,
    );
  } finally {
    clearTimeout(timer);
  }
}

/** With one buffer for the whole file: a stream would leave as much garbage as the file is long. */
export async function digestOf(file: string, algorithm: string): Promise<string> {
  const hash = createHash(algorithm);
  const buffer = Buffer.alloc(CHUNK_BYTES);
  await using handle = await open(file);
  for (;;) {
    const { bytesRead } = await handle.read(buffer);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
  }
}

/** The message of an error, with its cause's. */
export function describeCause(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}

function describeProxies(): string {
  const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'NO_PROXY'].filter(
    (name) => process.env[name],
  );
  return names.length > 0
    ? `These proxy variables are set: ${names.join(', ')}.`
    : 'No proxy variable is set (HTTPS_PROXY).';
}
