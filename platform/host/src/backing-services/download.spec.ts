import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { download } from './download.ts';

const content = Buffer.from('a jar of nothing '.repeat(1_000));
const checksum = { algorithm: 'sha512', hex: createHash('sha512').update(content).digest('hex') };
const requests: IncomingMessage[] = [];
let server: Server;
let url: string;
let file: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request);
    if (request.url === '/gone') return response.writeHead(404).end();
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from >= content.length && from > 0) return response.writeHead(416).end();
    return response.writeHead(from ? 206 : 200).end(content.subarray(from));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  requests.length = 0;
  file = join(mkdtempSync(join(tmpdir(), 'cache-')), 'some.jar');
});

describe('a download', () => {
  it('runs once', async () => {
    let bytes = 0;
    await download(url, file, checksum, (count) => {
      bytes += count;
    });
    await download(url, file, checksum);
    expect([readFileSync(file).equals(content), bytes, requests.length]).toEqual([
      true,
      content.length,
      1,
    ]);
  });

  it('resumes after an interruption', async () => {
    writeFileSync(`${file}.part`, content.subarray(0, 5_000));
    await download(url, file, checksum);
    expect(requests[0]?.headers.range).toBe('bytes=5000-');
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it('ignores the partial file of a running process', async () => {
    const otherPart = `${file}.${process.ppid}.part`;
    writeFileSync(otherPart, 'a part of it');
    await download(url, file, checksum);
    expect(readFileSync(file).equals(content)).toBe(true);
    expect(readFileSync(otherPart, 'utf8')).toBe('a part of it');
  });

  it('resumes the partial file of an ended process', async () => {
    writeFileSync(`${file}.999999999.part`, content.subarray(0, 5_000));
    await download(url, file, checksum);
    expect(requests[0]?.headers.range).toBe('bytes=5000-');
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it('completes when the partial file has all bytes', async () => {
    writeFileSync(`${file}.part`, content);
    await download(url, file, checksum);
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it('replaces a damaged file in the cache', async () => {
    writeFileSync(file, 'half of it');
    await download(url, file, checksum);
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it('rejects and removes a file with a wrong checksum', async () => {
    const other = { ...checksum, hex: checksum.hex.replaceAll('a', 'b') };
    await expect(download(url, file, other)).rejects.toThrow(/checksum/);
    expect([existsSync(file), existsSync(`${file}.part`)]).toEqual([false, false]);
  });

  it.each([
    ['/gone', /404/],
    ['', /Cannot download/],
  ])('reports a failure (%s) with what to try', async (path, message) => {
    const from = path ? url + path : 'http://127.0.0.1:9/';
    await expect(download(from, file, checksum)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/proxy/i),
    });
  });
});
