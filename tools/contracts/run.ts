import { spawn } from 'node:child_process';
import { styleText } from 'node:util';

/** Runs one of vitest's projects; what it prints is kept, and shown only when it is needed. */
export async function run(
  title: string,
  project: string,
  files: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<{ ok: boolean; output: string }> {
  const begun = performance.now();
  const args = ['vitest', 'run', '--project', project, ...files];
  const child = spawn('npx', args, {
    shell: process.platform === 'win32',
    cwd: options.cwd ?? process.cwd(),
    env: { ...process.env, ...options.env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  const ok = code === 0;
  const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
  if (title)
    console.log(`${ok ? styleText('green', '✓') : styleText('red', '✗')} ${title} (${seconds} s)`);
  return { ok, output };
}
