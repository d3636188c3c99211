import { spawn } from 'node:child_process';
import { stripVTControlCharacters, styleText } from 'node:util';

interface Where {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs one of vitest's projects; what it prints is kept, and shown only when it is needed. */
export async function run(
  title: string,
  project: string,
  files: readonly string[],
  where: Where = {},
): Promise<{ ok: boolean; output: string }> {
  const startMs = performance.now();
  const args = ['vitest', 'run', '--project', project, ...files];
  const ran = await output('npx', args, where);
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
  const sign = ran.ok ? styleText('green', '✓') : styleText('red', '✗');
  if (title) console.log(`${sign} ${title} (${seconds} s)`);
  return ran;
}

/** Runs something to its end. @returns whether it went well, and everything it said, without colours */
export async function output(
  command: string,
  args: readonly string[],
  { cwd = process.cwd(), env }: Where = {},
): Promise<{ ok: boolean; output: string }> {
  const child = spawn(command, args, {
    shell: process.platform === 'win32',
    cwd,
    env: { ...process.env, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  return { ok: code === 0, output: stripVTControlCharacters(output) };
}
