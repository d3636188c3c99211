import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '@fieldguide/platform-host/processes/child';
import { afterEach, expect, it } from 'vitest';
import { startRotation } from './rotate.ts';

let child: Child | undefined;
afterEach(() => child?.kill());

it('rotates the log of a process that continues to write, and keeps one older part', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rotate-'));
  const logFile = join(folder, 'lending-1.log');
  // It writes 1,000 lines on each signal.
  const script = `let n = 0; process.on('SIGUSR2', () => { let lines = '';
    for (let i = 0; i < 1000; i++) lines += 'line ' + String(n++).padStart(94, '.') + '\\n'; process.stdout.write(lines); });
    setInterval(() => undefined, 1000); process.stdout.write('ready\\n');`;
  child = Child.spawn({ name: 'writer', command: process.execPath, args: ['-e', script], logFile });
  const text = () => readFileSync(logFile, 'utf8');
  await expect.poll(text).toBe('ready\n');
  const write = async (upTo: number) => {
    child!.signal('SIGUSR2');
    await expect.poll(text).toMatch(new RegExp(`\\.${upTo - 1}\\n$`));
  };

  await write(1_000);
  startRotation(folder, 60_000).stop();
  expect(text()).toBe('');
  await write(2_000);
  expect(text().startsWith('line ')).toBe(true); // at the beginning of the file, and no hole before it
  const lines = (readFileSync(`${logFile}.old`, 'utf8') + text()).trimEnd().split('\n');
  expect(lines).toHaveLength(2_001);
  expect(child.recentOutput(1)).toMatch(/1999$/);

  startRotation(folder, 60_000).stop();
  await write(3_000);
  startRotation(folder, 1_000_000).stop(); // small enough
  expect(statSync(logFile).size + statSync(`${logFile}.old`).size).toBe(200_000);
});
