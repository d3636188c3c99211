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
 * Downloads a file into the cache, unless a complete one is there. Resumes an interrupted download; only a file with the
 * right checksum gets its name.
 * @param address the address, or a function that looks it up when a download is needed
 * @param onBytes receives the size of each chunk, for progress
 * @throws CliError when the download fails or the checksum differs
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
    rmSync(file); // damaged: download it again
  }
  mkdirSync(dirname(file), { recursive: true });
  const url = typeof address === 'string' ? address : await address();
  const part = claimPart(file);
  await fetchInto(url, part, onBytes, signal);
  if ((await digestOf(part, checksum.algorithm)) !== checksum.hex) {
    rmSync(part);
    throw new CliError(
      `The checksum of the download from ${withoutCredentials(url).url} differs from the lock file.`,
      'run the command again; if it fails again, check whether a proxy modifies downloads',
    );
  }
  renameSync(part, file);
}

/** Returns a function that reports the progress of a download after each eighth. */
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

/** Returns a partial file for this process only: concurrent starts never share one. Continues the file of an ended process. */
function claimPart(file: string): string {
  const part = `${file}.${process.pid}.part`;
  for (const abandoned of findAbandoned(file, 'part')) {
    try {
      renameSync(abandoned, part);
      break;
    } catch {
      // another process has just claimed it
    }
  }
  return part;
}

/** Downloads into a partial file, without a checksum; the caller verifies the content. */
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
  let timer = setTimeout(() => stall.abort(new Error('no data received for 30 s')), STALLED_MS);
  try {
    if (presentBytes > 0) headers['range'] = `bytes=${presentBytes}-`;
    const abortSignal = signal ? AbortSignal.any([signal, stall.signal]) : stall.signal;
    const response = await fetch(url, { signal: abortSignal, headers });
    if (response.status === 416) return; // already complete; the caller compares the checksum
    if (!response.ok || !response.body) throw new Error(`the server returned ${response.status}`);
    const resumed = response.status === 206;
    const count = async function* (source: AsyncIterable<Uint8Array>) {
      for await (const chunk of source) {
        clearTimeout(timer);
        timer = setTimeout(() => stall.abort(new Error('no data received for 30 s')), STALLED_MS);
        onBytes(chunk.length);
        yield chunk;
      }
    };
    await pipeline(response.body, count, createWriteStream(part, { flags: resumed ? 'a' : 'w' }));
  } catch (error) {
    throw new CliError(
      `Cannot download ${url}: ${describeCause(error)}`,
      `check the network. ${describeProxies()}`,
      error,
    );
  } finally {
    clearTimeout(timer);
  }
}

/** Hashes a file with one reused buffer: a stream would allocate as many bytes as the file has. */
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

/** Returns the message of an error and its cause. */
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
